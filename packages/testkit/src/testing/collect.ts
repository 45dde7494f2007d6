import { type DescribeOptions, describeHandler } from '../describe-handler.ts';
import type { HandlerFactory } from '../suite/world.ts';

/** The result of a rule. */
export interface Outcome {
  readonly name: string;
  /** Why the handler breaks it; absent when it passes. */
  readonly failure?: Error;
}

/** Runs the rules one after the other, without a test runner. */
export async function conform(
  factory: HandlerFactory,
  options?: DescribeOptions,
): Promise<readonly Outcome[]> {
  const tests: { readonly name: string; readonly run: () => Promise<void> }[] = [];
  describeHandler((name, run) => tests.push({ name, run }), factory, options);
  const outcomes: Outcome[] = [];
  for (const { name, run } of tests) {
    const failure = await run().then(
      () => undefined,
      (error: Error) => error,
    );
    outcomes.push(failure === undefined ? { name } : { name, failure });
  }
  return outcomes;
}
