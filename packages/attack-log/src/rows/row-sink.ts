import { type Cell, type Row, TABLES, type Table } from '../schema/tables.ts';

/** Collects the new rows of a batch and gives each its primary key. */
export interface RowSink {
  readonly rows: Readonly<Record<Table, Row[]>>;
  /** The next free primary key of each table. */
  readonly nextKey: Record<Table, number>;
  /** Adds a row without its primary key, which is put in front; takes the array over. */
  add(table: Table, cells: Cell[]): number;
}

/** A sink that goes on from these primary keys. */
export function createRowSink(nextKey: Readonly<Record<Table, number>>): RowSink {
  // Every table of the schema becomes a property; the loop below is the whole of it.
  const rows = {} as Record<Table, Row[]>;
  for (const table in TABLES) rows[table as Table] = [];
  const next = { ...nextKey };
  return {
    rows,
    nextKey: next,
    add(table, cells) {
      const key = next[table];
      next[table] = key + 1;
      cells.unshift(key);
      rows[table].push(cells);
      return key;
    },
  };
}
