import { randomInt } from 'node:crypto';
import Database from 'better-sqlite3';
import type { Settings } from '../options.ts';
import { DIONAEA_SCHEMA } from '../schema/dionaea-schema.ts';
import { OWN_SCHEMA, SCHEMA_VERSION } from '../schema/own-schema.ts';
import { seedLookups } from '../schema/seed-lookups.ts';
import { explainOpening } from './failure.ts';
import { assertFile, assertWritable, createFile, statusOf, unreadable } from './target-file.ts';

/** What a database holds: nothing, what this package wrote, or what dionaea wrote. */
export type Contents = 'nothing' | 'ours' | 'dionaea';

/** Throws `TARGET_UNREADABLE` for a database of a later version of this package. */
export function assertKnownVersion(database: Database.Database, file: string): void {
  const version: unknown = database
    .prepare("SELECT value FROM ihandler_meta WHERE key = 'schema_version'")
    .pluck()
    .get();
  if (typeof version === 'number' && version <= SCHEMA_VERSION) return;
  throw unreadable(
    `${file} has version ${String(version)} of the tables of ihandler, this program knows versions up to ${SCHEMA_VERSION}: update @ihandler/log-sqlite. Nothing was changed.`,
  );
}

/** The names of the tables in a database. */
export function tableNames(database: Database.Database): ReadonlySet<string> {
  const names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all();
  return new Set(names.map(String));
}

/** Whether a database says which sensor saw a connection; those that dionaea wrote do not. */
export function namesSensors(database: Database.Database): boolean {
  const names = tableNames(database);
  return names.has('ihandler_connections') && names.has('ihandler_sensors');
}

function contentsOf(database: Database.Database, file: string): Contents {
  const names = tableNames(database);
  if (names.has('ihandler_meta')) {
    assertKnownVersion(database, file);
    return 'ours';
  }
  if (names.has('connections')) return 'dionaea';
  if (names.size === 0) return 'nothing';
  const some = JSON.stringify([...names].slice(0, 3));
  throw unreadable(
    `${file} is a database of something else (it has tables such as ${some}): name another file. Nothing was changed.`,
  );
}

/** Makes what is missing of the schema, dionaea's and ours, and fills the tables of names. Within a transaction. */
export function completeSchema(database: Database.Database): void {
  for (const statement of [...DIONAEA_SCHEMA, ...OWN_SCHEMA]) database.exec(statement);
  seedLookups(database);
  const setOnce = database.prepare('INSERT OR IGNORE INTO ihandler_meta (key, value) VALUES (?, ?)');
  setOnce.run('schema_version', SCHEMA_VERSION);
  // Nobody outside can choose connection ids that all hash alike.
  setOnce.run('hash_seed', randomInt(2 ** 31));
}

function create(database: Database.Database, file: string): void {
  // Takes effect only before the first table.
  database.pragma('auto_vacuum = INCREMENTAL');
  database
    .transaction(() => {
      if (contentsOf(database, file) === 'nothing') completeSchema(database);
    })
    .immediate();
}

/** How a database is used; `durable`: what is written last may be lost in a power cut, because it is kept elsewhere too. */
export function configure(database: Database.Database, settings: Settings, durable: boolean): void {
  const mode: unknown = database.pragma(`journal_mode = ${settings.journalMode}`, { simple: true });
  // Some file systems have no shared memory, and SQLite then stays with a rollback journal.
  database.pragma(`synchronous = ${mode === 'wal' && durable ? 'NORMAL' : 'FULL'}`);
  database.pragma('cache_size = -32000');
  database.pragma('wal_autocheckpoint = 4000');
  database.pragma('journal_size_limit = 67108864');
}

/**
 * Opens the database, made if there is none, and says what it held. One that dionaea wrote is not changed. Throws
 * `TARGET_UNREADABLE` with what to do, or an error that passes when somebody else has it locked.
 */
export function openDatabase(
  settings: Settings,
  durable: boolean,
): { readonly database: Database.Database; readonly contents: Contents } {
  const { file, mode } = settings;
  const status = statusOf(file);
  if (status === undefined) createFile(file, mode);
  else assertFile(file, status);
  assertWritable(file);
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { timeout: 0 });
    const contents = contentsOf(database, file);
    if (contents === 'nothing') create(database, file);
    if (contents !== 'dionaea') configure(database, settings, durable);
    return { database, contents };
  } catch (error) {
    database?.close();
    throw explainOpening(error, file);
  }
}
