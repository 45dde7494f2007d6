import { describeError, IhandlerError } from '@ihandler/core';
import { classifyFailure, openAndSetUp } from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';
import { checkVersion } from '../database/inspect-file.ts';
import { explainUnreadable } from '../database/open-journal.ts';
import { realFile } from '../database/real-file.ts';
import { versionOf } from '../schema/migrate.ts';
import { SCHEMA_VERSION } from '../schema/schema.ts';

/** How many milliseconds a reader waits for a lock of SQLite. */
const LOCK_TIMEOUT = 2000;

function assertReadableVersion(db: Database, file: string): void {
  checkVersion(db, file);
  const version = versionOf(db);
  if (version === SCHEMA_VERSION) return;
  throw new IhandlerError(
    'JOURNAL_INVALID',
    `The journal ${file} has version ${String(version)}, but this program reads version ${SCHEMA_VERSION}: start ihandler once, which migrates the journal.`,
  );
}

/** Opens a journal for reading, even while another process writes it. Throws `TARGET_UNREADABLE` or `JOURNAL_INVALID`. */
export function openReadable(path: string): Database {
  return explainUnreadable(path, () => {
    const file = realFile(path);
    try {
      return openAndSetUp(file, { readonly: true, fileMustExist: true, timeout: LOCK_TIMEOUT }, (db) =>
        assertReadableVersion(db, file),
      );
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
