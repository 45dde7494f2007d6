import {
  decodeIncident,
  describeError,
  encodeIncident,
  IhandlerError,
  type Incident,
  type JournalRun,
  parseIncidentId,
} from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import { exactText } from './exact-text.ts';

/** An incident as it is about to be written. */
export interface Prepared {
  readonly incident: Incident;
  readonly stream: string;
  readonly ordinal: number;
  readonly body: string;
}

/** SQLite's limit is 10^9 bytes a row, and what exceeds it would fail the others of its transaction too. */
const LONGEST_BODY = 300_000_000;
/** Bytes of incidents, as text, after which a read ends early. */
const READ_AT_MOST = 16_000_000;
/** Streams whose row ids are kept at hand. */
const STREAMS_AT_HAND = 10_000;

/** Encodes an incident before it joins a transaction, so that one that cannot be written disturbs no other. */
export function prepare(incident: Incident): Prepared {
  const { stream, ordinal } = parseIncidentId(incident.id);
  const body = encodeIncident(incident);
  if (body.length > LONGEST_BODY)
    throw new IhandlerError(
      'INCIDENT_INVALID',
      `Expected an incident of at most ${LONGEST_BODY} characters, found ${body.length}.`,
    );
  return { incident, stream: exactText(stream), ordinal, body };
}

/** The table of entries and that of their streams. */
export interface Entries {
  bounds(): { readonly before: number; readonly last: number };
  /** To be called within a transaction, after `begin`. */
  insert(incidents: readonly Prepared[], acceptedAt: number): JournalRun;
  read(after: number, limit: number): JournalRun;
  highest(stream: string): number | undefined;
  /** To be called first in a transaction. */
  begin(): void;
  /** To be called when a transaction has not committed, with the last position before it. */
  rolledBack(last: number): void;
}

/** A limit as SQLite takes it, where a negative one is none. */
export function rowLimit(limit: number): number {
  return Number.isFinite(limit) ? limit : -1;
}

interface EntryRow {
  readonly position: number;
  readonly body: string;
}

/** Reads and writes entries. Positions follow from the highest one in the table. */
export function createEntries(db: Database): Entries {
  const lowest = db.prepare<[], number | null>('SELECT min(position) FROM entries').pluck();
  const newest = db.prepare<[], number | null>('SELECT max(position) FROM entries').pluck();
  const findStream = db.prepare<[string], number>('SELECT id FROM streams WHERE name = ?').pluck();
  const addStream = db.prepare<[string]>('INSERT INTO streams (name) VALUES (?)');
  const add = db.prepare<[number, number, number, number, string]>(
    'INSERT INTO entries (position, stream, ordinal, accepted_at, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (stream, ordinal) DO NOTHING',
  );
  const select = db.prepare<[number, number], EntryRow>(
    'SELECT position, body FROM entries WHERE position > ? ORDER BY position LIMIT ?',
  );
  const highestOrdinal = db
    .prepare<[number], number | null>('SELECT max(ordinal) FROM entries WHERE stream = ?')
    .pluck();
  const streamIds = new Map<string, number>();
  const first = lowest.get() ?? undefined;
  const before = first === undefined ? 0 : first - 1;
  let last = newest.get() ?? 0;

  function streamId(name: string): number {
    let id = streamIds.get(name);
    if (id === undefined) {
      // Streams come from outside: whoever floods us with new ones costs time, not memory.
      if (streamIds.size >= STREAMS_AT_HAND) streamIds.clear();
      id = findStream.get(name) ?? Number(addStream.run(name).lastInsertRowid);
      streamIds.set(name, id);
    }
    return id;
  }

  function decode({ position, body }: EntryRow): Incident {
    try {
      return decodeIncident(body);
    } catch (cause) {
      throw new IhandlerError(
        'JOURNAL_INVALID',
        `The journal ${db.name} is damaged at position ${position}: ${describeError(cause)}`,
        { cause },
      );
    }
  }

  return {
    bounds: () => ({ before, last }),
    begin() {
      // Asked again each time: a COMMIT that failed may have reached the file after all.
      last = newest.get() ?? 0;
    },
    rolledBack(lastBefore) {
      last = lastBefore;
      streamIds.clear();
    },
    insert(incidents, acceptedAt) {
      const start = last;
      const added: Incident[] = [];
      for (const { incident, stream, ordinal, body } of incidents) {
        if (add.run(last + 1, streamId(stream), ordinal, acceptedAt, body).changes === 0) continue;
        last += 1;
        added.push(incident);
      }
      return { before: start, incidents: added };
    },
    read(after, limit) {
      const incidents: Incident[] = [];
      let start = Math.max(after, last);
      let size = 0;
      for (const row of select.iterate(after, rowLimit(limit))) {
        if (incidents.length === 0) start = row.position - 1;
        // Positions have no gaps unless the oldest are gone.
        else if (row.position !== start + incidents.length + 1) break;
        incidents.push(decode(row));
        size += row.body.length;
        if (size >= READ_AT_MOST) break;
      }
      return { before: start, incidents };
    },
    highest(stream) {
      const id = findStream.get(exactText(stream));
      return id === undefined ? undefined : (highestOrdinal.get(id) ?? undefined);
    },
  };
}
