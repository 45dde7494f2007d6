import type { Incident } from '@ihandler/core';
import { ROW_TABLES, type Table } from '../schema/own-tables.ts';
import type { Cell, Row } from '../schema/tables.ts';
import { seconds } from './cells.ts';

/** Collects the new rows of a batch and assigns their primary keys. */
export interface RowSink {
  readonly rows: Readonly<Record<Table, Row[]>>;
  /** The incident of each row, in the order of the rows. */
  readonly incidents: Readonly<Record<Table, Incident[]>>;
  /** The next free primary key of each table. */
  readonly nextKey: Record<Table, number>;
  /** Names the incident of the rows that are added next. */
  begin(incident: Incident): void;
  /** The time of that incident, in seconds. */
  time(): number;
  /** Adds a row: puts the primary key in front of `cells`, which the sink owns from then on. Returns the key. */
  add(table: Table, cells: Cell[]): number;
}

/** Creates a sink whose primary keys start at `nextKey`. */
export function createRowSink(nextKey: Readonly<Record<Table, number>>): RowSink {
  // The loop below sets every property of both.
  const rows = {} as Record<Table, Row[]>;
  const incidents = {} as Record<Table, Incident[]>;
  for (const table in ROW_TABLES) {
    rows[table as Table] = [];
    incidents[table as Table] = [];
  }
  const next = { ...nextKey };
  let current: Incident | undefined;
  return {
    rows,
    incidents,
    nextKey: next,
    begin(incident) {
      current = incident;
    },
    time: () => seconds(current?.timestamp ?? 0),
    add(table, cells) {
      const key = next[table];
      next[table] = key + 1;
      cells.unshift(key);
      rows[table].push(cells);
      if (current !== undefined) incidents[table].push(current);
      return key;
    },
  };
}
