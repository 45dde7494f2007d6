import { closeSync, existsSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeError, IhandlerError, isIhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import Database from 'better-sqlite3';
import { SCHEMA, SCHEMA_VERSION } from './schema.ts';
import { type TakenOver, takeOverBacklog } from './take-over-backlog.ts';

function unusable(message: string, cause?: unknown): IhandlerError {
  return new IhandlerError('TARGET_UNREADABLE', message, cause === undefined ? undefined : { cause });
}

function explain(error: unknown, file: string): unknown {
  const code = errorCode(error);
  if (isIhandlerError(error)) return error;
  if (code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_CORRUPT'))
    return unusable(
      `${file} is no SQLite database, or a damaged one: name another file, or move it away (what was asked is then forgotten).`,
      error,
    );
  if (/^(?:SQLITE_CANTOPEN|SQLITE_READONLY|SQLITE_PERM|EACCES|EPERM|EROFS|EISDIR)/.test(code))
    return unusable(`${file} cannot be written (${describeError(error)}): check it and its folder.`, error);
  return error;
}

function assertOurs(database: Database.Database, file: string): void {
  const names = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite@_%' ESCAPE '@'")
    .pluck()
    .all();
  if (names.length === 0 || (names.length === 1 && names[0] === 'backlogfiles')) return;
  if (!names.includes('notes') || !names.includes('samples'))
    throw unusable(`${file} is a database of something else: name another file. Nothing was changed.`);
  const version: unknown = database
    .prepare("SELECT value FROM notes WHERE name = 'schema_version'")
    .pluck()
    .get();
  if (typeof version !== 'number' || version > SCHEMA_VERSION)
    throw unusable(
      `${file} has version ${String(version)} of the backlog, this program knows versions up to ${SCHEMA_VERSION}: update @ihandler/virustotal. Nothing was changed.`,
    );
}

/**
 * Opens the backlog, made when there is none; what dionaea's own handler left in it is taken over, and `told`. A transaction that has
 * committed survives a power cut. Throws `TARGET_UNREADABLE` with what to do.
 */
export function openDatabase(
  file: string,
  now: number,
  told: (takenOver: TakenOver) => void,
): Database.Database {
  if (!existsSync(dirname(file)))
    throw unusable(`The folder ${dirname(file)} does not exist: make it, or name a file in another.`);
  let database: Database.Database | undefined;
  try {
    // SQLite gives the files beside it the permissions of the database.
    if (!existsSync(file)) closeSync(openSync(file, 'a', 0o640));
    database = new Database(file, { timeout: 5000 });
    assertOurs(database, file);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('journal_size_limit = 16777216');
    const opened = database;
    const takenOver = opened
      .transaction(() => {
        opened.exec(SCHEMA);
        opened
          .prepare("INSERT OR IGNORE INTO notes (name, value) VALUES ('schema_version', ?)")
          .run(SCHEMA_VERSION);
        return takeOverBacklog(opened, now);
      })
      .immediate();
    told(takenOver);
    return database;
  } catch (error) {
    database?.close();
    throw explain(error, file);
  }
}
