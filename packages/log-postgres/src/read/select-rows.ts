import {
  OWN_TABLES,
  ROW_TABLES,
  type RowQuery,
  type StoredRow,
  type Table,
  TIMED_TABLES,
} from '@ihandler/attack-log';
import type { Client } from 'pg';
import { arrayLiteral } from '../database/array-literal.ts';
import { COLUMNS, type Kind } from '../schema/columns.ts';
import { DETAILS_VERSION, TIME_COLUMN } from '../schema/detail-tables.ts';
import { quoted } from '../schema/identifiers.ts';

/** A column in the form of dionaea's SQLite databases: addresses, uuids and enums as text, times in seconds. */
function expression(name: string, kind: Kind): string {
  switch (kind) {
    case 'key':
    case 'size':
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

/** The select list of a table for rows with the columns of {@link ROW_TABLES}. */
export function selectList(table: Table): string {
  return COLUMNS[table]
    .filter(({ derived }) => !derived)
    .map(({ name, kind, from }) => `${expression(name, kind)} AS ${ROW_TABLES[table][from]}`)
    .join(', ');
}

/** A row whose time is unknown lacks it, as in every database. */
function withoutUnknownTime(row: StoredRow): StoredRow {
  if (row['time'] !== null) return row;
  const { time: _, ...rest } = row;
  return rest;
}

const timed: ReadonlySet<Table> = new Set(TIMED_TABLES);

/** Reads the rows that a query selects, with their `time` if it is known. `version` is that of the tables. */
export async function selectRows(
  client: Client,
  schema: string,
  version: number,
  { table, column, values }: RowQuery,
): Promise<readonly StoredRow[]> {
  const hasDetails = version >= DETAILS_VERSION;
  if (!hasDetails && Object.hasOwn(OWN_TABLES, table)) return [];
  const hasTime = hasDetails && timed.has(table);
  const time = hasTime ? `, extract(epoch FROM ${TIME_COLUMN})::float8 AS time` : '';
  const type = typeof values[0] === 'number' ? 'bigint' : 'text';
  const { rows } = await client.query<StoredRow>(
    `SELECT ${selectList(table)}${time} FROM ${quoted(schema)}.${table} WHERE ${column} = ANY($1::${type}[])
      ORDER BY ${quoted(schema)}.${table}.${COLUMNS[table][0]?.name}`,
    [arrayLiteral(values)],
  );
  return hasTime ? rows.map(withoutUnknownTime) : rows;
}
