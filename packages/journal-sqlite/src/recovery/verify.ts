import type { Database } from 'better-sqlite3';
import {
  type CursorValues,
  cursorSum,
  type EntryValues,
  entrySum,
  isSound,
  type LetterValues,
  letterSum,
  type StateValues,
  type StreamValues,
  stateSum,
  streamSum,
} from '../write/checksum.ts';

/** Finds rows of a table that do not match their checksum, and names each. */
function* mismatches<T extends object>(
  db: Database,
  table: string,
  covered: (row: T) => number,
  nameOf: (row: T) => string,
): Generator<string> {
  const rows = db.prepare<[], T & { readonly sum: unknown }>(`SELECT * FROM ${table} WHERE sum IS NOT NULL`);
  for (const row of rows.iterate()) if (!isSound(row, covered, row.sum)) yield nameOf(row);
}

/** Each row of a journal of version 3 that does not match its checksum, as a sentence for people. */
export function* changedRows(db: Database): Generator<string> {
  const changed = 'does not match its checksum';
  yield* mismatches<EntryValues>(
    db,
    'entries',
    entrySum,
    (row) => `the entry at position ${row.position} ${changed}`,
  );
  yield* mismatches<LetterValues>(
    db,
    'dead_letters',
    letterSum,
    (row) => `the dead letter of ${row.instance} at position ${row.position} ${changed}`,
  );
  yield* mismatches<CursorValues>(
    db,
    'cursors',
    cursorSum,
    (row) => `the cursor of ${row.instance} ${changed}`,
  );
  yield* mismatches<StateValues>(
    db,
    'sources',
    stateSum,
    (row) => `the state of source ${row.source} ${changed}`,
  );
  yield* mismatches<StreamValues>(db, 'streams', streamSum, (row) => `the stream ${row.name} ${changed}`);
}
