import type { Incident, SourceContext } from '@ihandler/core';
import { createProgress } from '../progress.ts';
import type { Cursor, Entry } from './cursor.ts';

const batchSize = 1000;
const batchBytes = 4 * 1024 * 1024;

/** What is to be told, and to whom. */
export interface Merging {
  readonly file: string;
  readonly connections: Cursor;
  readonly others: readonly Cursor[];
  /** The last connection that was taken before: what hangs on it comes first. */
  readonly after: number;
  readonly context: SourceContext;
}

/**
 * Hands over rows nearly as they came to be: the connections in order, and after each one what hangs on it or on an
 * earlier one, as far as each table's own order allows; then what is left. Stops when the signal aborts.
 */
export async function mergeInOrder({ file, connections, others, after, context }: Merging): Promise<void> {
  const cursors = [connections, ...others];
  const tell = createProgress(context);
  const sum = (of: (cursor: Cursor) => number) => cursors.reduce((total, cursor) => total + of(cursor), 0);
  const total = sum((cursor) => cursor.total);
  let batch: Incident[] = [];
  let size = 0;

  async function flush(last?: 'last'): Promise<void> {
    const full = batch;
    batch = [];
    size = 0;
    if (full.length > 0) await context.report(full);
    context.signal.throwIfAborted();
    tell({ done: sum((cursor) => cursor.passed), total }, last);
  }
  async function reject(table: string, row: number, reason: string): Promise<void> {
    await flush();
    const place = { file, offset: row, length: 0 };
    await context.reject({ ...place, reason: `Table ${table}, row ${row}: ${reason}.` });
  }
  function take({ table, row, size: entrySize, outcome }: Entry): Promise<void> | undefined {
    if (typeof outcome === 'string') return reject(table, row, outcome);
    batch.push(outcome);
    size += entrySize;
    return batch.length >= batchSize || size >= batchBytes ? flush() : undefined;
  }
  /** Takes entries up to an owner; waits only where there is something to wait for. */
  async function drain(cursor: Cursor, upTo: number): Promise<void> {
    for (let head = cursor.head; head !== undefined && head.owner <= upTo; head = cursor.head) {
      const taking = take(head);
      if (taking !== undefined) await taking;
      const turning = cursor.advance();
      if (turning !== undefined) await turning;
    }
  }

  for (const cursor of cursors) await cursor.advance();
  for (let told = after; ; ) {
    for (const other of others)
      if (other.head !== undefined && other.head.owner <= told) await drain(other, told);
    if (connections.head === undefined) break;
    const { owner } = connections.head;
    await drain(connections, owner);
    told = Math.max(told, owner);
  }
  for (const other of others) await drain(other, Number.POSITIVE_INFINITY);
  await flush('last');
}
