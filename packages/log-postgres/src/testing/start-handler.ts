import type { HandlerContext, Incident, WritingHandler } from '@ihandler/core';
import { handlerContext } from '@ihandler/testkit';
import { onTestFinished } from 'vitest';
import logPostgres, { type LogPostgresOptions } from '../handler.ts';

/** A started handler with the lines it logged. */
export interface StartedHandler extends Omit<WritingHandler, 'write'> {
  readonly lines: readonly string[];
  write(batch: readonly Incident[]): Promise<void>;
}

/** Starts a handler that is closed after the test. */
export async function startHandler(
  options: LogPostgresOptions,
  overrides?: Partial<HandlerContext>,
): Promise<StartedHandler> {
  const { context, lines } = handlerContext({ instance: 'log-postgres', ...overrides });
  const handler = logPostgres(options);
  await handler.start?.(context);
  onTestFinished(() => handler.close?.());
  return {
    ...handler,
    lines,
    async write(batch) {
      await handler.write(batch, {}, context);
    },
  };
}

let schemas = 0;

/** The name of a schema that no other test of this process uses. */
export function freshSchema(): string {
  schemas += 1;
  return `test_${schemas}`;
}
