import type { HandlerContext, Incident, WritingHandler } from '@ihandler/core';
import { handlerContext } from '@ihandler/testkit';
import { onTestFinished } from 'vitest';
import logPostgres, { type LogPostgresOptions } from '../handler.ts';

/** A handler that was started, with what it logged. */
export interface StartedHandler extends Omit<WritingHandler, 'write'> {
  readonly lines: readonly string[];
  write(batch: readonly Incident[]): Promise<void>;
}

/** A started handler that is closed after the test, with the lines it logs. */
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

/** A name that no other test of this process has. */
export function freshSchema(): string {
  schemas += 1;
  return `test_${schemas}`;
}
