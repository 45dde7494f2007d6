import { OWN_TABLES, type OwnColumnKind, type OwnTable, ownColumnKind } from '@ihandler/attack-log';
import type { Database } from 'better-sqlite3';
import { ROW_IDS } from './own-schema.ts';

/** Our tables in which incidents become rows. */
// Safe: the keys of `OWN_TABLES` are the tables.
export const ownTables = Object.keys(OWN_TABLES) as readonly OwnTable[];

/** Those whose rows belong to a connection. */
export const ownTablesByConnection: readonly OwnTable[] = ownTables.filter((table) =>
  (OWN_TABLES[table] as readonly string[]).includes('connection'),
);

const types: Readonly<Record<OwnColumnKind, string>> = {
  key: 'INTEGER',
  time: 'REAL',
  number: 'REAL',
  size: 'INTEGER',
  integer: 'INTEGER',
  indexed: 'TEXT',
  text: 'TEXT',
};

const tables = ownTables.map((table) => {
  const columns = OWN_TABLES[table].map((name, index) => {
    if (index === 0) return `${name} INTEGER PRIMARY KEY`;
    return `${name} ${types[ownColumnKind(name)]}${name === 'connection' ? ' NOT NULL' : ''}`;
  });
  return `CREATE TABLE IF NOT EXISTS ${table} (${columns.join(', ')})`;
});

const indexes = ownTables.flatMap((table) =>
  OWN_TABLES[table]
    .filter((name) => name === 'connection' || name === 'download' || ownColumnKind(name) === 'indexed')
    .map((name) => `CREATE INDEX IF NOT EXISTS ${table}_${name}_idx ON ${table} (${name})`),
);

/**
 * The time of each row, in seconds: of dionaea's tables as `ihandler_rows` has it, of ours as their column has it. Rows of dionaea,
 * and of versions that did not record it, are missing.
 */
const ROW_TIMES = `CREATE VIEW IF NOT EXISTS ihandler_row_times (table_name, row, time) AS
  SELECT e.table_name, e.first_row + j.key,
    sum(j.value) OVER (PARTITION BY e.table_name, e.first_row ORDER BY j.key) / 1e6
  FROM ihandler_rows AS e, json_each(e.times) AS j
  WHERE e.first_row + j.key < coalesce((SELECT min(later.first_row) FROM ihandler_rows AS later
    WHERE later.table_name = e.table_name AND later.first_row > e.first_row), 9e15)
  ${ownTables.map((table) => `UNION ALL SELECT '${table}', id, time FROM ${table}`).join('\n  ')}`;

/** Creates what databases of earlier versions lack: our tables of details, and the incidents and times of rows. */
export function completeDetails(database: Database): void {
  for (const statement of [...ROW_IDS, ...tables, ...indexes]) database.exec(statement);
  const hasTimes = database.prepare("SELECT 1 FROM pragma_table_info('ihandler_rows') WHERE name = 'times'");
  if (hasTimes.get() === undefined) database.exec('ALTER TABLE ihandler_rows ADD COLUMN times TEXT');
  database.exec(ROW_TIMES);
}
