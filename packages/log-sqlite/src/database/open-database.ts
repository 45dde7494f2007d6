import { randomInt } from 'node:crypto';
import {
  assertKnownVersion,
  assertRegularFile,
  openAndSetUp,
  statusOf,
  tableNames,
  unreadable,
} from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';
import type { Settings } from '../options.ts';
import { completeDetails } from '../schema/detail-tables.ts';
import { DIONAEA_SCHEMA } from '../schema/dionaea-schema.ts';
import { OWN_SCHEMA, SCHEMA_VERSION } from '../schema/own-schema.ts';
import { seedLookups } from '../schema/seed-lookups.ts';
import { explainOpening } from './failure.ts';
import { assertWritable, createDatabaseFile } from './target-file.ts';

/** Who wrote the content of a database: no one, this package, or dionaea. */
export type Contents = 'nothing' | 'ours' | 'dionaea';

/** Throws `TARGET_UNREADABLE` for a database that a later version of this package wrote. */
export function assertReadableVersion(database: Database, file: string): void {
  const version: unknown = database
    .prepare("SELECT value FROM ihandler_meta WHERE key = 'schema_version'")
    .pluck()
    .get();
  assertKnownVersion(version, SCHEMA_VERSION, file, '@ihandler/log-sqlite');
}

/** Whether a database records the sensor of each connection. One that dionaea wrote does not. */
export function namesSensors(database: Database): boolean {
  const names = tableNames(database);
  return names.has('ihandler_connections') && names.has('ihandler_sensors');
}

function contentsOf(database: Database, file: string): Contents {
  const names = tableNames(database);
  if (names.has('ihandler_meta')) {
    assertReadableVersion(database, file);
    return 'ours';
  }
  if (names.has('connections')) return 'dionaea';
  if (names.size === 0) return 'nothing';
  const some = JSON.stringify([...names].slice(0, 3));
  throw unreadable(
    `${file} is the database of another program (it has tables such as ${some}): name another file. Nothing was changed.`,
  );
}

/** Creates the missing parts of the schema, dionaea's and ours, and fills the lookup tables. Call it in a transaction. */
export function completeSchema(database: Database): void {
  for (const statement of [...DIONAEA_SCHEMA, ...OWN_SCHEMA]) database.exec(statement);
  completeDetails(database);
  seedLookups(database);
  const setOnce = database.prepare('INSERT OR IGNORE INTO ihandler_meta (key, value) VALUES (?, ?)');
  setOnce.run('schema_version', SCHEMA_VERSION);
  // An attacker cannot choose connection ids that all have the same hash.
  setOnce.run('hash_seed', randomInt(2 ** 31));
}

function create(database: Database, file: string): void {
  // Takes effect only before the first table.
  database.pragma('auto_vacuum = INCREMENTAL');
  database
    .transaction(() => {
      if (contentsOf(database, file) === 'nothing') completeSchema(database);
    })
    .immediate();
}

/** Sets journal mode, durability and cache. `durable`: the host's journal can redeliver writes that a power cut loses. */
function configure(database: Database, settings: Settings, durable: boolean): void {
  const mode: unknown = database.pragma(`journal_mode = ${settings.journalMode}`, { simple: true });
  // On a file system without shared memory SQLite keeps a rollback journal.
  database.pragma(`synchronous = ${mode === 'wal' && durable ? 'NORMAL' : 'FULL'}`);
  database.pragma('cache_size = -32000');
  database.pragma('wal_autocheckpoint = 4000');
  database.pragma('journal_size_limit = 67108864');
}

/**
 * Opens the database, or creates it, and says who wrote its content. A database that dionaea wrote stays unchanged. Throws
 * `TARGET_UNREADABLE` with advice, or a temporary error while another program has it locked.
 */
export function openDatabase(
  settings: Settings,
  durable: boolean,
): { readonly database: Database; readonly contents: Contents } {
  const { file, mode } = settings;
  const status = statusOf(file);
  if (status === undefined) createDatabaseFile(file, mode);
  else assertRegularFile(file, status);
  assertWritable(file);
  let contents = 'nothing' as Contents;
  try {
    const database = openAndSetUp(file, { timeout: 0 }, (opened) => {
      contents = contentsOf(opened, file);
      if (contents === 'nothing') create(opened, file);
      if (contents !== 'dionaea') configure(opened, settings, durable);
    });
    return { database, contents };
  } catch (error) {
    throw explainOpening(error, file);
  }
}
