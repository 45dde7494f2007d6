import type { Connection, UntypedData, Value } from '@ihandler/core';
import type { RelatedRows } from './related-rows.ts';

/** The cells of a row by property; a property whose column the table lacks is absent. */
export type Cells = { [property: string]: Value };

/** A row and what belongs to it. */
export interface TableRow {
  readonly row: number;
  readonly cells: Cells;
  /** Absent where the row names none that exists. */
  readonly connection: Connection | undefined;
  /** The row id of that connection. */
  readonly owner: number | undefined;
  /** Of the connection, or of one near it; in milliseconds. */
  readonly time: number;
  readonly related: RelatedRows;
}

/** What a row says, as an incident that dionaea reported; null when another row tells it; or, as a string, why it says nothing. */
export type Finding =
  | null
  | { readonly origin: string; readonly data: UntypedData; readonly timestamp?: number }
  | string;

/** How the rows of a table become incidents. */
export interface TableMapping {
  readonly table: string;
  /** Property → the names its column has had. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** Whether the incident is one without its connection. */
  readonly withoutConnection: 'allowed' | 'rejected';
  find(row: TableRow): Finding;
}

/** The cells with the connection where there is one, as dionaea's incidents have it. */
export function withConnection({ cells, connection }: TableRow): Cells {
  return connection === undefined ? cells : { ...cells, connection };
}

/** A table whose columns are the incident's properties. */
export function plain(
  table: string,
  origin: string,
  columns: TableMapping['columns'],
  withoutConnection: TableMapping['withoutConnection'] = 'rejected',
): TableMapping {
  return { table, columns, withoutConnection, find: (row) => ({ origin, data: withConnection(row) }) };
}

/** Columns that are named `<prefix>_<property>`. */
export function prefixed(prefix: string, ...properties: readonly string[]): TableMapping['columns'] {
  return Object.fromEntries(properties.map((property) => [property, [`${prefix}_${property}`]]));
}
