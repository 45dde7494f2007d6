import { createIncident, describeError, type Incident, type UntypedData } from '@ihandler/core';
import { type StoredRow, sizeOf, toMilliseconds } from './cells.ts';
import type { Layout } from './layout.ts';
import type { Database, Statement } from './open-database.ts';
import type { RelatedRows } from './related-rows.ts';

/** What reading rows needs, of one database. */
export interface Reading {
  readonly db: Database;
  readonly layout: Layout;
  readonly sensor: string;
  readonly related: RelatedRows;
  /** The time of what has none of its own, from the row of its connection. */
  readonly timeNear: (connection: number | undefined) => number;
  /** The name of the stream of a table. */
  readonly streamOf: (table: string) => string;
  /** How many rows are read at once, while a writer has to wait. @default 500 */
  readonly pageRows?: number;
  /** Whether the files that rows name are on this machine. */
  readonly local?: boolean;
  readonly mapPaths: ((origin: string, data: Record<string, unknown>) => void) | undefined;
}

const usualPageRows = 500;
const pageBytes = 1024 * 1024;

/** Rows of a query with the parameters `after` and `last`: as many as make a page, in one short reading. */
export function takeRows(
  statement: Statement,
  after: number,
  last: number,
  pageRows = usualPageRows,
): readonly StoredRow[] {
  const rows: StoredRow[] = [];
  let size = 0;
  for (const row of statement.iterate(after, last)) {
    // Safe: columns hold what SQLite stores, and integers come as numbers.
    const stored = row as StoredRow;
    rows.push(stored);
    size += sizeOf(stored);
    if (rows.length === pageRows || size >= pageBytes) break;
  }
  return rows;
}

/** Makes the incident of a row; gives the reason when it is none. */
export function makeIncident(
  { sensor, streamOf, mapPaths, local }: Reading,
  table: string,
  row: number,
  parts: { readonly origin: string; readonly timestamp: number; readonly data: UntypedData },
): Incident | string {
  try {
    // Safe: the data was made for this incident, and nobody else has it yet.
    mapPaths?.(parts.origin, parts.data as Record<string, unknown>);
    return createIncident({ id: `${streamOf(table)}:${row}`, sensor, local, ...parts });
  } catch (error) {
    return describeError(error);
  }
}

/**
 * Makes a function that guesses the time of what has no connection, or one without a time: that of the nearest connection
 * before it, else of the first one; 1970 when there is none.
 */
export function createTimeNear(db: Database): (connection: number | undefined) => number {
  const select =
    "SELECT connection_timestamp AS time FROM connections WHERE typeof(connection_timestamp) IN ('integer', 'real')";
  const before = db.prepare<[number], StoredRow>(
    `${select} AND connection <= ? ORDER BY connection DESC LIMIT 1`,
  );
  const first = db.prepare<[], StoredRow>(`${select} ORDER BY connection LIMIT 1`);
  return (connection) => {
    const nearest = connection === undefined ? undefined : before.get(connection);
    return toMilliseconds((nearest ?? first.get())?.['time']) ?? 0;
  };
}
