import { OWN_TABLES, type OwnTable, TIMED_TABLES } from '@ihandler/attack-log';
import { COLUMN_TYPES } from './column-types.ts';
import { COLUMNS, keyOf } from './columns.ts';

/** The version of the tables that has them. */
export const DETAILS_VERSION = 3;

/** The column of dionaea's tables that has the time of a row. NULL in rows of earlier versions. */
export const TIME_COLUMN = 'ihandler_time';

// Safe: the keys of `OWN_TABLES` are the tables.
const ownTables = Object.keys(OWN_TABLES) as readonly OwnTable[];

function createTable(table: OwnTable): string {
  const columns = COLUMNS[table].map(({ name, kind }, index) => {
    if (index === 0) return `${name} bigserial PRIMARY KEY`;
    const owner =
      name === 'connection' ? ' NOT NULL REFERENCES connections ON UPDATE RESTRICT ON DELETE CASCADE' : '';
    return `${name} ${COLUMN_TYPES[kind]}${owner}`;
  });
  return `CREATE TABLE ${table} (${columns.join(', ')})`;
}

const indexes = ownTables.flatMap((table) =>
  COLUMNS[table]
    .filter(({ name, kind }) => name === 'connection' || name === 'download' || kind === 'indexed')
    .map(({ name }) => `CREATE INDEX ${table}_${name}_idx ON ${table} (${name})`),
);

const times = [
  ...TIMED_TABLES.map((table) => [table, keyOf(table), TIME_COLUMN] as const),
  ...ownTables.map((table) => [table, keyOf(table), 'time'] as const),
].map(
  ([table, key, time]) =>
    `SELECT '${table}' AS table_name, ${key} AS row, extract(epoch FROM ${time})::float8 AS time
      FROM ${table} WHERE ${time} IS NOT NULL`,
);

/** Our tables of details, and the time of each row, with the names and columns of log-sqlite. */
export const DETAILS: readonly string[] = [
  ...ownTables.map(createTable),
  ...indexes,
  ...TIMED_TABLES.map((table) => `ALTER TABLE ${table} ADD COLUMN ${TIME_COLUMN} timestamptz`),
  `CREATE VIEW ihandler_row_times AS ${times.join(' UNION ALL ')}`,
];
