import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Checkpoint, HandlerContext, Incident, WritingHandler } from '@ihandler/core';
import { handlerContext } from '@ihandler/testkit';
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import logSqlite, { type LogSqliteOptions } from '../handler.ts';

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-log-sqlite-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A started handler with the lines it logged. */
export interface StartedHandler extends Omit<WritingHandler, 'write'> {
  readonly lines: readonly string[];
  write(batch: readonly Incident[], checkpoint: Checkpoint): void;
}

/** Starts a handler that is closed after the test. */
export async function startHandler(
  options: LogSqliteOptions,
  overrides?: Partial<HandlerContext>,
): Promise<StartedHandler> {
  const { context, lines } = handlerContext({ instance: 'log-sqlite', ...overrides });
  const handler = logSqlite(options);
  await handler.start?.(context);
  onTestFinished(() => handler.close?.());
  return {
    ...handler,
    lines,
    write(batch, checkpoint) {
      handler.write(batch, checkpoint, context);
    },
  };
}

/** Queries a database over a connection of its own. */
export function query<Row = Record<string, unknown>>(file: string, sql: string, ...values: unknown[]): Row[] {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare<unknown[], Row>(sql).all(...values);
  } finally {
    database.close();
  }
}
