import { createIncident, describeError, type Incident, type UntypedData } from '@ihandler/core';
import type { MapPaths } from '../map-path.ts';
import { type StoredRow, sizeOf, toMilliseconds } from './cells.ts';
import type { Layout } from './layout.ts';
import type { Database, Statement } from './open-database.ts';
import type { RelatedRows } from './related-rows.ts';

/** A database that is read, with everything that reading its rows needs. */
export interface Reading {
  readonly db: Database;
  readonly layout: Layout;
  readonly sensor: string;
  readonly related: RelatedRows;
  /** The time of a row without one, estimated from the row id of its connection. */
  readonly timeNear: (connection: number | undefined) => number;
  /** The name of the stream of a table. */
  readonly streamOf: (table: string) => string;
  /** How many rows are read at once, while a writer must wait. @default 500 */
  readonly pageRows?: number;
  /** Whether the files that rows name are on this machine. */
  readonly local?: boolean;
  readonly mapPaths: MapPaths | undefined;
}

const defaultPageRows = 500;
const pageBytes = 1024 * 1024;

/** Reads one page of rows with a query whose parameters are `after` and `last`, in one short read. */
export function readPage(
  statement: Statement,
  after: number,
  last: number,
  pageRows = defaultPageRows,
): readonly StoredRow[] {
  const rows: StoredRow[] = [];
  let size = 0;
  for (const row of statement.iterate(after, last)) {
    // Safe: columns hold the types of SQLite, and integers are returned as numbers.
    const stored = row as StoredRow;
    rows.push(stored);
    size += sizeOf(stored);
    if (rows.length === pageRows || size >= pageBytes) break;
  }
  return rows;
}

/** Makes the incident of a row; returns the reason when it is invalid. */
export function makeIncident(
  { sensor, streamOf, mapPaths, local }: Reading,
  table: string,
  row: number,
  parts: { readonly origin: string; readonly timestamp: number; readonly data: UntypedData },
): Incident | string {
  try {
    // Safe: the data was made for this incident and is not shared.
    mapPaths?.(parts.origin, parts.data as Record<string, unknown>);
    return createIncident({ id: `${streamOf(table)}:${row}`, sensor, local, ...parts });
  } catch (error) {
    return describeError(error);
  }
}

/**
 * Makes a function that estimates the time of a row without a connection, or whose connection has no time: that of the
 * nearest connection before it, otherwise of the first one; 1970 when there is none.
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
