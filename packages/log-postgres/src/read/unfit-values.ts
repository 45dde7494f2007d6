import { ROW_TABLES, type StoredRow, type StoredValue, type Table } from '@ihandler/attack-log';
import type { Client } from 'pg';
import { arrayLiteral } from '../database/array-literal.ts';
import { COLUMNS } from '../schema/columns.ts';
import { quoted } from '../schema/identifiers.ts';

/** Restores the values in rows that did not fit their columns. */
export type Restore = (table: Table, rows: readonly StoredRow[]) => readonly StoredRow[];

interface UnfitRow {
  readonly table_name: string;
  readonly row_key: string;
  readonly column_name: string;
  readonly value: string;
}

/** The name of a column in {@link ROW_TABLES}. */
function nameIn(table: string, column: string): string | undefined {
  const name = Object.keys(ROW_TABLES).find((known) => known === table);
  // Safe: it is a key of `ROW_TABLES`.
  const columns = name === undefined ? [] : COLUMNS[name as Table];
  const found = columns.find((candidate) => candidate.name === column);
  return found === undefined ? undefined : ROW_TABLES[name as Table][found.from];
}

/** Loads the values of some connections that did not fit. */
export async function loadUnfitValues(
  client: Client,
  schema: string,
  connections: readonly number[],
): Promise<Restore> {
  const { rows } = await client.query<UnfitRow>(
    `SELECT table_name, row_key, column_name, value FROM ${quoted(schema)}.ihandler_unfit
      WHERE connection = ANY($1::bigint[])`,
    [arrayLiteral(connections)],
  );
  const kept = new Map<string, Record<string, StoredValue>>();
  for (const { table_name, row_key, column_name, value } of rows) {
    const name = nameIn(table_name, column_name);
    if (name === undefined) continue;
    const id = `${table_name} ${row_key}`;
    // Safe: only cells are written there.
    kept.set(id, { ...kept.get(id), [name]: JSON.parse(value) as StoredValue });
  }
  if (kept.size === 0) return (_table, list) => list;
  return (table, list) =>
    list.map((row) => ({ ...row, ...kept.get(`${table} ${row[ROW_TABLES[table][0]]}`) }));
}
