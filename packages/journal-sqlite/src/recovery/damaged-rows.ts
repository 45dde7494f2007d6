import { decodeIncident, type IncidentId, parseIncidentId } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import { type EntryValues, entrySum, isSound } from '../write/checksum.ts';
import { isCount, isReadable } from './readable-values.ts';

/** A row of a table of any version. */
export type Row = Readonly<Record<string, unknown>>;

/** How many positions to search after a damaged one for a readable row. */
const SEARCH_LIMIT = 2 ** 45;
/** How many searches in a row may fail: a damaged table can look endless. */
const FAILURE_LIMIT = 50;

/** The rows before the first damaged page of a table. */
export function* rowsOf(db: Database, sql: string): Generator<Row> {
  try {
    for (const row of db.prepare<[], Row>(sql).iterate()) yield row;
  } catch {
    // The table is damaged here.
  }
}

/** The rows of a small table, read from both ends up to the damage. Rows may repeat. */
export function* rowsFromBothEnds(db: Database, table: string, keys: readonly string[]): Generator<Row> {
  for (const direction of ['ASC', 'DESC'])
    yield* rowsOf(
      db,
      `SELECT * FROM ${table} ORDER BY ${keys.map((key) => `${key} ${direction}`).join(', ')}`,
    );
}

/** An entry whose values have the types that they should have, and match the checksum if there is one. */
export interface ReadableEntry extends EntryValues {
  readonly id: IncidentId;
}

function readableEntry(row: Row): ReadableEntry | undefined {
  const { position, stream, ordinal, accepted_at: at, body, sum } = row;
  if (!isCount(position) || !isCount(stream) || !isCount(ordinal) || !isCount(at)) return undefined;
  if (!isReadable(body, idOf)) return undefined;
  const id = idOf(body);
  const values = { position, stream, ordinal, accepted_at: at, body };
  // A row that was read from the wrong place has another ordinal.
  return id.ordinal === ordinal && isSound(values, entrySum, sum) ? { ...values, id } : undefined;
}

function idOf(body: string): IncidentId {
  return parseIncidentId(decodeIncident(body).id);
}

/** The readable entries of a damaged journal, by rising position. */
export function* readableEntries(db: Database): Generator<ReadableEntry> {
  let after = 0;

  /** Whether the next entry after a position is readable or does not exist. */
  function canRead(position: number): boolean {
    try {
      db.prepare('SELECT * FROM entries WHERE position > ? ORDER BY position LIMIT 1').get(position);
      return true;
    } catch {
      return false;
    }
  }

  /** The nearest position after which an entry is readable. */
  function nextReadable(): number | undefined {
    let [bad, good] = [0, 1];
    while (!canRead(after + good)) {
      bad = good;
      good *= 2;
      if (good > SEARCH_LIMIT) return undefined;
    }
    while (good - bad > 1) {
      const middle = bad + Math.floor((good - bad) / 2);
      if (canRead(after + middle)) good = middle;
      else bad = middle;
    }
    return after + good;
  }

  for (let failures = 0; failures < FAILURE_LIMIT; failures += 1) {
    // Each damaged row has used at least one position. Its own may be wrong.
    let damaged = 0;
    try {
      const rows = db.prepare<[number], Row>('SELECT * FROM entries WHERE position > ? ORDER BY position');
      for (const row of rows.iterate(after)) {
        const entry = readableEntry(row);
        if (entry === undefined || entry.position <= after) {
          damaged += 1;
          continue;
        }
        after = entry.position;
        damaged = 0;
        failures = 0;
        yield entry;
      }
      return;
    } catch {
      // The table is damaged here.
    }
    after += damaged;
    if (canRead(after)) continue;
    const next = nextReadable();
    if (next === undefined) return;
    after = next;
  }
}
