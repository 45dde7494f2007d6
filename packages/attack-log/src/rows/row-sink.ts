import { type Cell, type Row, TABLES, type Table } from '../schema/tables.ts';

/** Collects the new rows of a batch and assigns their primary keys. */
export interface RowSink {
  readonly rows: Readonly<Record<Table, Row[]>>;
  /** The next free primary key of each table. */
  readonly nextKey: Record<Table, number>;
  /** Adds a row: puts the primary key in front of `cells`, which the sink owns from then on. Returns the key. */
  add(table: Table, cells: Cell[]): number;
}

/** Creates a sink whose primary keys start at `nextKey`. */
export function createRowSink(nextKey: Readonly<Record<Table, number>>): RowSink {
  // The loop below sets every property.
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
