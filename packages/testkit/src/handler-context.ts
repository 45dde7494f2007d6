import { tmpdir } from 'node:os';
import type { HandlerContext, ReportOptions, UntypedData, Value } from '@ihandler/core';
import { collectingLog } from './collecting-log.ts';
import { knownOrigins } from './origins.ts';

/** A report of a handler. */
export interface Reported {
  readonly origin: string;
  readonly data: UntypedData;
  /** The id of the incident that caused it, if the handler named one. */
  readonly cause: string | undefined;
}

/** A context for a handler, and what the handler has done with it. */
export interface LentContext {
  readonly context: HandlerContext;
  /** The log lines, in order: `warn: the message {"some":"details"}`. */
  readonly lines: readonly string[];
  /** The reports, in order. */
  readonly reports: readonly Reported[];
}

/**
 * Makes the context for a test that calls a handler itself, without a dispatcher: `handler.start?.(context)`. It records log
 * lines and reports, unless `overrides` replaces `log` or `report`.
 */
export function handlerContext(overrides: Partial<HandlerContext> = {}): LentContext {
  const lines: string[] = [];
  const reports: Reported[] = [];
  let state: Value | undefined;
  const context: HandlerContext = {
    instance: 'handler',
    sensor: 'sensor',
    dataDir: tmpdir(),
    durable: true,
    signal: new AbortController().signal,
    log: collectingLog(lines),
    origins: knownOrigins,
    state: {
      get: () => state,
      set(value) {
        state = value ?? undefined;
      },
    },
    now: Date.now,
    fetch: globalThis.fetch,
    async report(origin: string, data: UntypedData, options?: ReportOptions) {
      reports.push({ origin, data, cause: options?.cause?.id });
    },
    ...overrides,
  };
  return { context, lines, reports };
}
