import type { Incident, SourceContext } from '@ihandler/core';
import { createProgressReporter } from '@ihandler/source-kit';
import { type Cursor, type Entry, gone } from './cursor.ts';

const batchSize = 1000;
const batchBytes = 4 * 1024 * 1024;

/** The tables to report, and the host to report to. */
export interface Merging {
  readonly file: string;
  readonly connections: Cursor;
  readonly others: readonly Cursor[];
  /** The last connection of the previous run: rows that belong to it or to earlier ones come first. */
  readonly after: number;
  readonly context: SourceContext;
}

/**
 * Reports rows about in the order in which they were written: the connections in order, and after each one the rows that
 * belong to it or to an earlier one, as far as the order within each table allows; then all other rows. Throws when the
 * signal aborts.
 */
export async function mergeInOrder({ file, connections, others, after, context }: Merging): Promise<void> {
  const cursors = [connections, ...others];
  const reportProgress = createProgressReporter(context);
  const sum = (of: (cursor: Cursor) => number) => cursors.reduce((total, cursor) => total + of(cursor), 0);
  const total = sum((cursor) => cursor.total);
  let batch: Incident[] = [];
  let size = 0;
  let leftOut = 0;

  async function flush(last?: 'last'): Promise<void> {
    const full = batch;
    batch = [];
    size = 0;
    if (full.length > 0) await context.report(full);
    context.signal.throwIfAborted();
    reportProgress({ done: sum((cursor) => cursor.passed), total }, last);
  }
  async function reject(table: string, row: number, reason: string): Promise<void> {
    await flush();
    await context.reject({ file, offset: row, length: 0, reason: `Table ${table}, row ${row}: ${reason}.` });
  }
  function add({ table, row, size: entrySize, outcome }: Entry): Promise<void> | undefined {
    if (outcome === gone) {
      leftOut += 1;
      return undefined;
    }
    if (typeof outcome === 'string') return reject(table, row, outcome);
    batch.push(outcome);
    size += entrySize;
    return batch.length >= batchSize || size >= batchBytes ? flush() : undefined;
  }
  /** Adds the entries up to an owner; awaits only actual promises, since most entries need none. */
  async function drain(cursor: Cursor, upTo: number): Promise<void> {
    for (let head = cursor.head; head !== undefined && head.owner <= upTo; head = cursor.head) {
      const adding = add(head);
      if (adding !== undefined) await adding;
      const advancing = cursor.advance();
      if (advancing !== undefined) await advancing;
    }
  }

  for (const cursor of cursors) await cursor.advance();
  for (let reported = after; ; ) {
    for (const other of others)
      if (other.head !== undefined && other.head.owner <= reported) await drain(other, reported);
    if (connections.head === undefined) break;
    const { owner } = connections.head;
    await drain(connections, owner);
    reported = Math.max(reported, owner);
  }
  for (const other of others) await drain(other, Number.POSITIVE_INFINITY);
  await flush('last');
  if (leftOut > 0)
    context.log.warn('left out rows that name a connection which was deleted from the database', {
      file,
      count: leftOut,
    });
}
