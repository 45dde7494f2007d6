import { tmpdir } from 'node:os';
import {
  type HandlerContext,
  LOG_LEVELS,
  type Log,
  type ReportOptions,
  type UntypedData,
} from '@ihandler/core';

/** Something that a handler reported. */
export interface Reported {
  readonly origin: string;
  readonly data: UntypedData;
  /** The id of the incident because of which it was reported, if the handler said so. */
  readonly cause: string | undefined;
}

/** What a host lends to a handler, and what the handler does with it. */
export interface LentContext {
  readonly context: HandlerContext;
  /** What it logged, in order: `warn: the message {"some":"details"}`. */
  readonly lines: readonly string[];
  /** What it reported, in order. */
  readonly reports: readonly Reported[];
}

function collectingLog(lines: string[]): Log {
  const line =
    (level: string): Log['info'] =>
    (message, details = {}) => {
      lines.push(`${level}: ${message} ${JSON.stringify(details)}`);
    };
  const levels = LOG_LEVELS.map((level) => [level, line(level)] as const);
  // Safe: there is a function for each of the levels.
  return Object.fromEntries(levels) as Log;
}

/**
 * Makes the context for a test that calls a handler itself, without a dispatcher: `handler.start?.(context)`. Whatever it
 * logs and reports is kept. Overrides come over it; a `log` or `report` of your own is yours to watch.
 */
export function handlerContext(overrides: Partial<HandlerContext> = {}): LentContext {
  const lines: string[] = [];
  const reports: Reported[] = [];
  const context: HandlerContext = {
    instance: 'handler',
    sensor: 'sensor',
    dataDir: tmpdir(),
    durable: true,
    signal: new AbortController().signal,
    log: collectingLog(lines),
    now: Date.now,
    fetch: globalThis.fetch,
    async report(origin: string, data: UntypedData, options?: ReportOptions) {
      reports.push({ origin, data, cause: options?.cause?.id });
    },
    ...overrides,
  };
  return { context, lines, reports };
}
