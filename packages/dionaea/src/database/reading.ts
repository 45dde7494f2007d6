import { createIncident, describeError, type Incident, type UntypedData } from '@ihandler/core';
import type { RecordedIds } from '../known-databases/recorded-ids.ts';
import type { MapPaths } from '../map-path.ts';
import { type StoredRow, sizeOf, toMilliseconds } from './cells.ts';
import type { ConnectionRow } from './connection-row.ts';
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
  /** The name of the stream of a row, or of a table whose ids are never used again. */
  readonly streamOf: (table: string, row?: number) => string;
  /** How many rows are read at once, while a writer must wait. @default 500 */
  readonly pageRows?: number;
  /** Whether the files that rows name are on this machine. */
  readonly local?: boolean;
  readonly mapPaths: MapPaths | undefined;
  /** What a database of log-sqlite recorded about its rows; undefined for other databases. */
  readonly recorded?: RecordedIds | undefined;
  /** How far the host has the streams of copies. */
  readonly copiesDone?: ReadonlyMap<string, number>;
  /** The rows of the incidents that were made, since the ids of copies do not name them. */
  readonly places: WeakMap<Incident, RowPlace>;
}

/** The row from which an incident was made. */
export interface RowPlace {
  readonly table: string;
  readonly row: number;
  /** The row of the parent, for a link. */
  readonly parent?: number | undefined;
}

/** Two rows of `connections`, and when the child was announced. */
export interface LinkedRows {
  readonly child: ConnectionRow;
  readonly parent: ConnectionRow;
  readonly timestamp: number;
}

/** Whether the host has the incident of a row already, as a copy. */
export function isCopied({ recorded, copiesDone }: Reading, table: string, row: number): boolean {
  const incident = copiesDone === undefined ? undefined : recorded?.incidentOf(table, row);
  return incident !== undefined && incident.ordinal <= (copiesDone?.get(incident.stream) ?? -1);
}

/** The sensor and the id of the incident of a row. */
export function idOf(
  { recorded, sensor, streamOf }: Reading,
  table: string,
  row: number,
): { readonly sensor: string; readonly id: string } {
  const incident = recorded?.incidentOf(table, row);
  if (incident !== undefined)
    return { sensor: incident.sensor, id: `${incident.stream}:${incident.ordinal}` };
  return { sensor, id: `${streamOf(table, row)}:${row}` };
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

/** The stream of links; a link's row is that of its child. */
export const linksTable = 'links';

/** Makes the incident of a row; returns the reason when it is invalid. */
export function makeIncident(
  reading: Reading,
  { table, row, parent }: RowPlace,
  parts: { readonly origin: string; readonly timestamp: number; readonly data: UntypedData },
  ids: { readonly id: string; readonly sensor: string } = idOf(reading, table, row),
): Incident | string {
  const { mapPaths, local, places } = reading;
  try {
    // Safe: the data was made for this incident and is not shared.
    mapPaths?.(parts.origin, parts.data as Record<string, unknown>);
    const incident = createIncident({ ...ids, local, ...parts });
    places.set(incident, { table, row, parent });
    return incident;
  } catch (error) {
    return describeError(error);
  }
}

/** Makes the link of a row to its parent; `ordinal` is its place in the stream of `table`. */
export function makeLink(
  reading: Reading,
  table: string,
  ordinal: number,
  { child, parent, timestamp }: LinkedRows,
): Incident | string {
  const sensor = reading.recorded?.connectionOf(child.row)?.sensor ?? reading.sensor;
  const place = { table, row: child.row, parent: parent.row };
  const data = { parent: parent.connection, child: child.connection };
  const ids = { id: `${reading.streamOf(table, ordinal)}:${ordinal}`, sensor };
  return makeIncident(reading, place, { origin: 'dionaea.connection.link', timestamp, data }, ids);
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
