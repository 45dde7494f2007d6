import type { Connection, UntypedData, Value } from '@ihandler/core';
import type { RelatedRows } from '../related-rows.ts';

/** The cells of a row by property; a property whose column the table lacks is absent. */
export type Cells = { [property: string]: Value };

/** A row, its connection and its related rows. */
export interface TableRow {
  readonly row: number;
  readonly cells: Cells;
  /** Absent when the row names no existing connection. */
  readonly connection: Connection | undefined;
  /** The row id of that connection. */
  readonly owner: number | undefined;
  /** The time of the connection, or of one near it, in milliseconds. */
  readonly time: number;
  readonly related: RelatedRows;
}

/**
 * The result of a row: the incident that dionaea reported; null when another row gives the incident; or the reason why
 * the row is rejected.
 */
export type RowResult =
  | null
  | { readonly origin: string; readonly data: UntypedData; readonly timestamp?: number }
  | string;

/** How the rows of a table become incidents. */
export interface TableMapping {
  readonly table: string;
  /** Property → the names that its column has had. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** What happens to a row without a connection. */
  readonly withoutConnection: 'allowed' | 'rejected';
  read(row: TableRow): RowResult;
}

/** The cells, with the connection if there is one, as in dionaea's incidents. */
export function withConnection({ cells, connection }: TableRow): Cells {
  return connection === undefined ? cells : { ...cells, connection };
}

/** A table whose columns are the properties of the incident. */
export function plain(
  table: string,
  origin: string,
  columns: TableMapping['columns'],
  withoutConnection: TableMapping['withoutConnection'] = 'rejected',
): TableMapping {
  return { table, columns, withoutConnection, read: (row) => ({ origin, data: withConnection(row) }) };
}

/** Columns that are named `<prefix>_<property>`. */
export function prefixed(prefix: string, ...properties: readonly string[]): TableMapping['columns'] {
  return Object.fromEntries(properties.map((property) => [property, [`${prefix}_${property}`]]));
}
