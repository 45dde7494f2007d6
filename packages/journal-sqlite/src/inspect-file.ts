import { lstatSync, statSync } from 'node:fs';
import { IhandlerError } from '@ihandler/core';
import Database from 'better-sqlite3';
import { SCHEMA_VERSION, tables } from './schema.ts';

function invalid(message: string, cause?: unknown): IhandlerError {
  return new IhandlerError('JOURNAL_INVALID', message, { cause });
}

function refuseWhatHasLostItsFile(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink())
    throw invalid(`Expected a journal or a free name, found the link ${file}, which leads nowhere.`);
  // SQLite would play this log back into the new file.
  if ((statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0)
    throw invalid(
      `Found ${file}-wal, which holds incidents, without the journal ${file} that it belongs to: put that file back, or move the first one away.`,
    );
}

function versionOf(db: Database.Database, file: string): unknown {
  const isJournal = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'ihandler_journal'").get();
  if (isJournal === undefined)
    throw invalid(
      `Expected a journal in ${file}, found a SQLite database that is none: name a file of its own.`,
    );
  return db.prepare('SELECT version FROM ihandler_journal').pluck().get();
}

function checkJournal(db: Database.Database, file: string): void {
  const version = versionOf(db, file);
  const isKnown = typeof version === 'number' && version >= 1 && version <= SCHEMA_VERSION;
  if (!isKnown)
    throw invalid(
      typeof version === 'number' && version > SCHEMA_VERSION
        ? `The journal ${file} has version ${version}, this program writes version ${SCHEMA_VERSION}: upgrade @ihandler/journal-sqlite. Nothing was changed.`
        : `Expected a journal of version ${SCHEMA_VERSION} or below in ${file}, found no version that ever was: it is damaged.`,
    );
  for (const table of tables) db.prepare(`SELECT * FROM ${table} LIMIT 1`).get();
}

/**
 * Says whether there is a journal in `file` that this program can write. Only reads. Throws `JOURNAL_INVALID` for anything
 * else that is there.
 */
export function hasJournal(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined || (found.isFile() && found.size === 0)) {
    refuseWhatHasLostItsFile(file);
    return false;
  }
  if (!found.isFile()) throw invalid(`Expected a journal in ${file}, found something that is no file.`);
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 0 });
  try {
    checkJournal(db, file);
    return true;
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || !/^SQLITE_(NOTADB|CORRUPT|ERROR)/.test(error.code))
      throw error;
    throw invalid(
      `Expected a journal in ${file}, found a file that is none or is damaged (${error.message}): ` +
        'name another file, or move this one away. Nothing was changed.',
      error,
    );
  } finally {
    db.close();
  }
}
