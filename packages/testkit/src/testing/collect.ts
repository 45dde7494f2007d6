import { type DescribeOptions, describeHandler } from '../describe-handler.ts';
import type { HandlerFactory } from '../suite/world.ts';

/** What became of a rule. */
export interface Outcome {
  readonly name: string;
  /** Why the handler does not keep it; absent when it does. */
  readonly failure?: Error;
}

/** Runs the suite with a runner of its own, one rule after the other. */
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
