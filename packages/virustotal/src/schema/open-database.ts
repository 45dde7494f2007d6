import { assertKnownVersion, openFile, tableNames, unreadable } from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';
import { SCHEMA, SCHEMA_VERSION } from './schema.ts';
import { type BacklogTakeOver, takeOverBacklog } from './take-over-backlog.ts';

function assertBacklog(database: Database, file: string): void {
  const names = tableNames(database);
  if (names.size === 0 || (names.size === 1 && names.has('backlogfiles'))) return;
  if (!names.has('notes') || !names.has('samples'))
    throw unreadable(`${file} is the database of another program: name another file. Nothing was changed.`);
  const version = database.prepare("SELECT value FROM notes WHERE name = 'schema_version'").pluck().get();
  assertKnownVersion(version, SCHEMA_VERSION, file, '@ihandler/virustotal');
}

/** An open database, and the number of rows taken over from dionaea's own handler. */
export interface BacklogDatabase {
  readonly database: Database;
  readonly takenOver: BacklogTakeOver;
}

/**
 * Opens the backlog in `file`, and creates it when it is missing. Takes over the rows that dionaea's own handler left in
 * it. A committed transaction survives a power cut. Throws `TARGET_UNREADABLE` with what to do.
 */
export function openDatabase(file: string, now: number): BacklogDatabase {
  let takenOver: BacklogTakeOver = { files: 0, unusable: 0 };
  const database = openFile(file, {
    damaged: 'name another file, or move it away. ihandler then looks every file up again',
    check: (opened) => assertBacklog(opened, file),
    migrate(opened) {
      opened.exec(SCHEMA);
      opened
        .prepare("INSERT OR IGNORE INTO notes (name, value) VALUES ('schema_version', ?)")
        .run(SCHEMA_VERSION);
      takenOver = takeOverBacklog(opened, now);
    },
  });
  database.pragma('journal_size_limit = 16777216');
  return { database, takenOver };
}
