import { tableNames, unreadable } from '@ihandler/sqlite-file';
import Database from 'better-sqlite3';
import { completeSchema } from '../database/open-database.ts';
import { DIONAEA_SCHEMA } from './dionaea-schema.ts';

interface Column {
  readonly name: string;
  readonly type: string;
  readonly pk: number;
}

function columnsOf(database: Database.Database, table: string): readonly Column[] {
  return database.prepare<[string], Column>('SELECT name, type, pk FROM pragma_table_info(?)').all(table);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Primary keys with another name in old versions: table, old name, new name. */
const renamedKeys = [
  ['downloads', 'downloads', 'download'],
  ['emu_services', 'emu_service', 'emu_serivce'],
] as const;

function renameKeys(database: Database.Database): void {
  for (const [table, old, today] of renamedKeys) {
    const columns = columnsOf(database, table).map(({ name }) => name);
    if (columns.includes(old) && !columns.includes(today))
      database.exec(`ALTER TABLE ${table} RENAME COLUMN ${old} TO ${today}`);
  }
}

function addMissing(database: Database.Database): void {
  const model = new Database(':memory:');
  try {
    for (const statement of DIONAEA_SCHEMA) {
      model.exec(statement);
      if (statement.startsWith('CREATE TABLE')) database.exec(statement);
    }
    for (const table of tableNames(model)) {
      const present = new Set(columnsOf(database, table).map(({ name }) => name));
      for (const { name, type, pk } of columnsOf(model, table)) {
        if (present.has(name)) continue;
        if (pk > 0)
          throw unreadable(
            `Expected the column ${name} in the table ${table}: dionaea did not create this table.`,
          );
        database.exec(`ALTER TABLE ${table} ADD COLUMN ${name} ${type}`);
      }
    }
  } finally {
    model.close();
  }
}

/** Moves the rows of a table from very old versions, which did not log binds. */
function mergeOldRequests(database: Database.Database): void {
  if (!tableNames(database).has('dcerpcs')) return;
  const names = columnsOf(database, 'dcerpcs').map(({ name }) => name);
  const column = (end: string) => {
    const name = names.find((candidate) => candidate.endsWith(end));
    return name === undefined ? 'NULL' : quoted(name);
  };
  database.exec(`INSERT INTO dcerpcrequests (connection, dcerpcrequest_uuid, dcerpcrequest_opnum)
    SELECT connection, ${column('uuid')}, ${column('opnum')} FROM dcerpcs ORDER BY rowid`);
  database.exec('DROP TABLE dcerpcs');
}

/**
 * Moves rows back that dionaea lost: at the first restart it renames its own table and then fails to copy the rows. They keep
 * their keys, unless a later row has the same key.
 */
function mergeOldServices(database: Database.Database): void {
  if (!tableNames(database).has('emu_services_old')) return;
  const key = quoted(columnsOf(database, 'emu_services_old').find(({ pk }) => pk > 0)?.name ?? 'rowid');
  const values = `connection, emu_service_url FROM emu_services_old`;
  database.exec(`
    CREATE TEMP TABLE ihandler_taken AS SELECT emu_serivce AS taken FROM emu_services;
    INSERT INTO emu_services (emu_serivce, connection, emu_service_url) SELECT ${key}, ${values}
      WHERE ${key} NOT IN (SELECT taken FROM ihandler_taken) ORDER BY ${key};
    INSERT INTO emu_services (connection, emu_service_url) SELECT ${values}
      WHERE ${key} IN (SELECT taken FROM ihandler_taken) ORDER BY ${key};
    DROP TABLE ihandler_taken;
    DROP TABLE emu_services_old;
  `);
}

/** Sets the root in rows of versions without the trigger: that of the parent, or the row itself. */
function fillRoots(database: Database.Database): void {
  database.exec(`UPDATE connections AS child SET connection_root = connection WHERE connection_root IS NULL
    AND NOT EXISTS (SELECT 1 FROM connections AS parent
      WHERE parent.connection = child.connection_parent AND parent.connection <> child.connection)`);
  const inherit = database.prepare(`UPDATE connections AS child
    SET connection_root = (SELECT connection_root FROM connections AS parent WHERE parent.connection = child.connection_parent)
    WHERE connection_root IS NULL AND EXISTS (SELECT 1 FROM connections AS parent
      WHERE parent.connection = child.connection_parent AND parent.connection_root IS NOT NULL)`);
  while (inherit.run().changes > 0);
  // The rest are cycles.
  database.exec('UPDATE connections SET connection_root = connection WHERE connection_root IS NULL');
}

/**
 * Converts a database that dionaea wrote, of any age, to today's layout, and adds our tables. The values in its rows stay
 * unchanged. Call it in a transaction.
 */
export function migrate(database: Database.Database): void {
  renameKeys(database);
  addMissing(database);
  mergeOldRequests(database);
  mergeOldServices(database);
  database.exec(
    "UPDATE dcerpcserviceops SET dcerpcserviceop_name = 'NetPathCompare' WHERE dcerpcserviceop_name = 'NetCompare'",
  );
  completeSchema(database);
  fillRoots(database);
}
