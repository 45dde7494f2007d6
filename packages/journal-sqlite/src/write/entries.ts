import type { Incident, JournalRun } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import { entrySum } from './checksum.ts';
import { type AppendOptions, createDuplicateCheck } from './duplicate-check.ts';
import { type EntryRow, readEntry } from './entry-row.ts';
import { exactText } from './exact-text.ts';
import type { PreparedIncident } from './prepare.ts';
import { createStreams } from './streams.ts';

/** The length of incidents, in characters of text, after which a read ends early. */
const LONGEST_READ = 16_000_000;

/** The table of entries and the table of their streams. */
export interface Entries {
  bounds(): { readonly before: number; readonly last: number };
  /** Call it within a transaction, after `begin`. */
  insert(incidents: readonly PreparedIncident[], acceptedAt: number, options?: AppendOptions): JournalRun;
  /** The entry of a stream with the highest ordinal. */
  newest(stream: string): Incident | undefined;
  read(after: number, limit: number): JournalRun;
  highest(stream: string): number | undefined;
  /** Deletes the entries up to a position. Their ids stay known. Call it within a transaction, after `begin`. */
  removeUpTo(position: number): void;
  /** Deletes a damaged entry. Its id is free again. Call it within a transaction, after `begin`. */
  removeDamaged(position: number): void;
  /** Call it first in a transaction. */
  begin(): void;
  /** Call it when a transaction did not commit, with the bounds before it. */
  rolledBack(bounds: { readonly before: number; readonly last: number }): void;
}

/** A limit for SQLite, where a negative number means unlimited. */
export function rowLimit(limit: number): number {
  return Number.isFinite(limit) ? limit : -1;
}

interface NewestEntry {
  readonly position: number;
  readonly accepted_at: number;
}

/** The positions of a journal's entries, as in `Journal.bounds`. */
export function readBounds(db: Database): { readonly before: number; readonly last: number } {
  const { lowest, newest, taken } = db
    .prepare<[], { readonly lowest: number | null; readonly newest: number | null; readonly taken: number }>(
      `SELECT (SELECT min(position) FROM entries) AS lowest, (SELECT max(position) FROM entries) AS newest,
              (SELECT taken FROM ihandler_journal) AS taken`,
    )
    .get() ?? { lowest: null, newest: null, taken: 0 };
  const last = Math.max(newest ?? 0, taken);
  return { before: lowest === null ? last : lowest - 1, last };
}

/**
 * Creates access to the entries. New positions follow the highest one ever used. `onDamaged` is called with the position of
 * each damaged entry that is read.
 */
export function createEntries(db: Database, onDamaged: (position: number) => void): Entries {
  const newest = db.prepare<[], NewestEntry>(
    'SELECT position, accepted_at FROM entries ORDER BY position DESC LIMIT 1',
  );
  const next = db
    .prepare<[number], number>('SELECT position FROM entries WHERE position > ? ORDER BY position LIMIT 1')
    .pluck();
  const add = db.prepare<[number, number, number, number, string, number]>(
    'INSERT INTO entries (position, stream, ordinal, accepted_at, body, sum) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (stream, ordinal) DO NOTHING',
  );
  const select = db.prepare<[number, number], EntryRow>(
    'SELECT * FROM entries WHERE position > ? ORDER BY position LIMIT ?',
  );
  const highestOrdinal = db
    .prepare<[number], number | null>('SELECT max(ordinal) FROM entries WHERE stream = ?')
    .pluck();
  const newestOf = db.prepare<[number], EntryRow>(
    'SELECT * FROM entries WHERE stream = ? ORDER BY ordinal DESC LIMIT 1',
  );
  const noteSetBack = db.prepare<[number]>('INSERT INTO clock_set_back (position) VALUES (?)');
  const leaving = db.prepare<[number], { readonly stream: number; readonly ordinal: number }>(
    'SELECT stream, max(ordinal) AS ordinal FROM entries WHERE position <= ? GROUP BY stream',
  );
  const removals = ['entries WHERE position', 'clock_set_back WHERE position', 'gaps WHERE last'].map(
    (what) => db.prepare<[number]>(`DELETE FROM ${what} <= ?`),
  );
  const take = db.prepare<[number]>('UPDATE ihandler_journal SET taken = max(taken, ?)');
  const streams = createStreams(db);
  let { before, last } = readBounds(db);
  let acceptedLast = newest.get()?.accepted_at ?? 0;

  const remove = db.prepare<[number]>('DELETE FROM entries WHERE position = ?');
  const noteGap = db.prepare<[number, number]>('INSERT OR REPLACE INTO gaps (first, last) VALUES (?, ?)');

  /** Finds the oldest entry, and keeps the positions of deleted ones from being used again. */
  function findEnds(): void {
    const lowest = next.get(0);
    if (lowest === undefined) take.run(last);
    before = lowest === undefined ? last : lowest - 1;
  }

  return {
    bounds: () => ({ before, last }),
    begin() {
      // Read each time: a COMMIT that failed may have reached the file after all.
      const entry = newest.get();
      if (entry !== undefined) {
        last = Math.max(last, entry.position);
        acceptedLast = entry.accepted_at;
      }
    },
    rolledBack(bounds) {
      ({ before, last } = bounds);
      streams.rolledBack();
    },
    insert(incidents, acceptedAt, options) {
      const start = last;
      const added: Incident[] = [];
      const check = options && createDuplicateCheck(db, options);
      for (const prepared of incidents) {
        const { incident, stream, ordinal, body } = prepared;
        const { id, removed } = streams.get(stream);
        if (check?.skips(prepared, id, removed)) continue;
        if (ordinal <= removed) continue;
        const position = last + 1;
        const sum = entrySum({ position, stream: id, ordinal, accepted_at: acceptedAt, body });
        if (add.run(position, id, ordinal, acceptedAt, body, sum).changes === 0) continue;
        last += 1;
        added.push(incident);
      }
      if (added.length > 0) {
        if (acceptedAt < acceptedLast) noteSetBack.run(start + 1);
        acceptedLast = acceptedAt;
      }
      return { before: start, incidents: added, ...(check && { skipped: check.skipped }) };
    },
    newest(name) {
      const stream = streams.find(exactText(name));
      const row = stream && newestOf.get(stream.id);
      return row && readEntry(row);
    },
    read(after, limit) {
      const incidents: Incident[] = [];
      let start = Math.max(after, last);
      let size = 0;
      for (const row of select.iterate(after, rowLimit(limit))) {
        const { position, body } = row;
        const incident = readEntry(row);
        if (incident === undefined) onDamaged(position);
        // Only damage leaves gaps in the positions.
        const isNext = position === start + incidents.length + 1;
        if (incidents.length > 0 && (incident === undefined || !isNext)) break;
        if (incidents.length === 0) start = incident === undefined ? position : position - 1;
        if (incident === undefined) continue;
        incidents.push(incident);
        size += body.length;
        if (size >= LONGEST_READ) break;
      }
      return { before: start, incidents };
    },
    highest(name) {
      const stream = streams.find(exactText(name));
      if (stream === undefined) return undefined;
      const highest = Math.max(stream.removed, highestOrdinal.get(stream.id) ?? -1);
      return highest < 0 ? undefined : highest;
    },
    removeUpTo(position) {
      for (const { stream, ordinal } of leaving.all(position)) streams.remove(stream, ordinal);
      for (const removal of removals) removal.run(position);
      findEnds();
    },
    removeDamaged(position) {
      remove.run(position);
      noteGap.run(position, position);
      if (position === last) take.run(last);
      findEnds();
    },
  };
}
