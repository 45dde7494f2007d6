import { IhandlerError } from '@ihandler/core';
import Database from 'better-sqlite3';
import { checkVersion } from '../database/inspect-file.ts';
import { reaching } from '../database/open-journal.ts';
import { realFile } from '../database/real-file.ts';
import { versionOf } from '../schema/migrate.ts';
import { SCHEMA_VERSION } from '../schema/schema.ts';

/** How long a reader waits for SQLite's own locks, in milliseconds. */
const PATIENCE = 2000;

/** Opens a journal for reading, also beside the process that writes it. Throws `TARGET_UNREADABLE` or `JOURNAL_INVALID`. */
export function openReadable(path: string): Database.Database {
  return reaching(path, () => {
    const file = realFile(path);
    const db = new Database(file, { readonly: true, fileMustExist: true, timeout: PATIENCE });
    try {
      checkVersion(db, file);
      const version = versionOf(db);
      if (version !== SCHEMA_VERSION)
        throw new IhandlerError(
          'JOURNAL_INVALID',
          `The journal ${file} has version ${String(version)}, this program reads version ${SCHEMA_VERSION}: start the program once, which migrates it.`,
        );
      return db;
    } catch (error) {
      db.close();
      if (!(error instanceof Database.SqliteError) || !/^SQLITE_(NOTADB|CORRUPT|ERROR)/.test(error.code))
        throw error;
      throw new IhandlerError(
        'JOURNAL_INVALID',
        `Expected a journal in ${file}, found a file that is none or is damaged (${error.message}).`,
        { cause: error },
      );
    }
  });
}
