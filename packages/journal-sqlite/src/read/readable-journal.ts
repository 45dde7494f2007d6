import { existsSync } from 'node:fs';
import { describeError, IhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import { classifyFailure, LOCK_TIMEOUT, openAndSetUp } from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';
import { checkVersion } from '../database/inspect-file.ts';
import { explainUnreadable } from '../database/open-journal.ts';
import { realFile } from '../database/real-file.ts';
import { versionOf } from '../schema/migrate.ts';
import { SCHEMA_VERSION } from '../schema/schema.ts';

function assertReadableVersion(db: Database, file: string): void {
  checkVersion(db, file);
  const version = versionOf(db);
  if (version === SCHEMA_VERSION) return;
  throw new IhandlerError(
    'JOURNAL_INVALID',
    `The journal ${file} has version ${String(version)}, but this program reads version ${SCHEMA_VERSION}: start ihandler once, which migrates the journal.`,
  );
}

/**
 * Opens a database for queries only, so that no file is left when it is closed. SQLite makes a write-ahead log even for a
 * reader, and only a connection that may write removes it. With a log, another process has the journal open, or died:
 * that log stays as it is.
 */
function openForQueries(file: string, setUp: (db: Database) => void): Database {
  const reading = { readonly: true, fileMustExist: true, timeout: LOCK_TIMEOUT } as const;
  if (existsSync(`${file}-wal`)) return openAndSetUp(file, reading, setUp);
  try {
    return openAndSetUp(file, { ...reading, readonly: false }, (db) => {
      db.pragma('query_only = ON');
      setUp(db);
    });
  } catch (error) {
    // This user may only read it.
    if (!/^SQLITE_(?:READONLY|CANTOPEN|PERM|IOERR)/.test(errorCode(error))) throw error;
    return openAndSetUp(file, reading, setUp);
  }
}

/** Opens a journal for reading, even while another process writes it. Throws `TARGET_UNREADABLE` or `JOURNAL_INVALID`. */
export function openReadable(path: string): Database {
  return explainUnreadable(path, () => {
    const file = realFile(path);
    try {
      return openForQueries(file, (db) => assertReadableVersion(db, file));
    } catch (error) {
      const failure = classifyFailure(error);
      if (failure !== 'not-sqlite' && failure !== 'damaged' && failure !== 'wrong-tables') throw error;
      throw new IhandlerError(
        'JOURNAL_INVALID',
        `Expected a journal in ${file}, found another kind of file or a damaged journal (${describeError(error)}).`,
        { cause: error },
      );
    }
  });
}
