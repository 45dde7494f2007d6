import { tmpdir } from 'node:os';
import type { HandlerContext, Incident, WritingHandler } from '@ihandler/core';
import { onTestFinished } from 'vitest';
import logPostgres, { type LogPostgresOptions } from '../log-postgres.ts';

/** What a handler is lent, with the lines it logs. */
export function createContext(overrides: Partial<HandlerContext> = {}) {
  const lines: string[] = [];
  const line = (level: string) => (message: string, details?: object) => {
    lines.push(`${level}: ${message} ${JSON.stringify(details ?? {})}`);
  };
  const context: HandlerContext = {
    instance: 'log-postgres',
    sensor: 'sensor',
    dataDir: tmpdir(),
    durable: true,
    signal: new AbortController().signal,
    log: {
      error: line('error'),
      critical: line('critical'),
      warning: line('warning'),
      message: line('message'),
      info: line('info'),
      debug: line('debug'),
    },
    now: Date.now,
    fetch: globalThis.fetch,
    async report() {},
    ...overrides,
  };
  return { context, lines };
}

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
  const { context, lines } = createContext(overrides);
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
