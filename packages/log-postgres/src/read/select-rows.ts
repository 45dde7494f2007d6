import { type RowQuery, type StoredRow, TABLES, type Table } from '@ihandler/attack-log';
import type { Client } from 'pg';
import { arrayLiteral } from '../database/array-literal.ts';
import { COLUMNS, type Kind } from '../schema/columns.ts';
import { quoted } from '../schema/identifiers.ts';

/** A column in the form of dionaea's SQLite databases: addresses, uuids and enums as text, times in seconds. */
function expression(name: string, kind: Kind): string {
  switch (kind) {
    case 'key':
      return `${name}::float8`;
    case 'time':
      return `extract(epoch FROM ${name})::float8`;
    case 'address':
      return `coalesce(host(${name}), '')`;
    case 'type':
    case 'transport':
    case 'uuid':
      return `${name}::text`;
    default:
      return name;
  }
}

/** The select list of a table for rows with the columns of {@link TABLES}. */
export function selectList(table: Table): string {
  return COLUMNS[table]
    .filter(({ derived }) => !derived)
    .map(({ name, kind, from }) => `${expression(name, kind)} AS ${TABLES[table][from]}`)
    .join(', ');
}

/** Reads the rows that a query selects. */
export async function selectRows(
  client: Client,
  schema: string,
  { table, column, values }: RowQuery,
): Promise<readonly StoredRow[]> {
  const type = typeof values[0] === 'number' ? 'bigint' : 'text';
  const { rows } = await client.query<StoredRow>(
    `SELECT ${selectList(table)} FROM ${quoted(schema)}.${table} WHERE ${column} = ANY($1::${type}[])
      ORDER BY ${quoted(schema)}.${table}.${COLUMNS[table][0]?.name}`,
    [arrayLiteral(values)],
  );
  return rows;
}
