import { closeSync, existsSync, openSync } from 'node:fs';
import { describeError, IhandlerError, isIhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import Database from 'better-sqlite3';

const VERSION = 1;
const schema = `
  CREATE TABLE samples (
    sha256 TEXT PRIMARY KEY,
    sha1 TEXT NOT NULL,
    md5 TEXT NOT NULL,
    size INTEGER NOT NULL,
    type TEXT NOT NULL,
    storedAt REAL NOT NULL,
    kept INTEGER NOT NULL,
    incident TEXT NOT NULL UNIQUE,
    report TEXT NOT NULL
  ) STRICT;
  CREATE INDEX samples_sha1 ON samples (sha1);
  CREATE INDEX samples_md5 ON samples (md5);
  CREATE INDEX samples_stored ON samples (kept, storedAt);
  CREATE TABLE checkpoint (stream TEXT PRIMARY KEY, ordinal INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${VERSION};
`;

function unreadable(message: string, cause?: unknown): IhandlerError {
  return new IhandlerError('TARGET_UNREADABLE', message, cause === undefined ? undefined : { cause });
}

/** Says which file it is and what to do, where SQLite says neither. What may pass, such as a full disk, stays as it is. */
function explain(error: unknown, file: string, readonly: boolean): unknown {
  if (isIhandlerError(error)) return error;
  const code = errorCode(error);
  if (code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_CORRUPT'))
    return unreadable(
      `The record of samples, ${file}, is damaged, or is something else: move it away, and samples are taken as new when they come again. Those that are kept stay.`,
      error,
    );
  if (!/^(?:SQLITE_CANTOPEN|SQLITE_READONLY|SQLITE_PERM|EACCES|EPERM|EROFS|EISDIR)/.test(code)) return error;
  return unreadable(
    readonly
      ? `The record of samples, ${file}, cannot be read (${describeError(error)}): run this as the user whom ihandler runs as.`
      : `The record of samples, ${file}, cannot be written (${describeError(error)}): check it and its folder.`,
    error,
  );
}

/** The version of a record; 0 for one that was just begun. */
function versionOf(db: Database.Database): number {
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version <= VERSION) return version;
  throw unreadable(
    `${db.name} has version ${version}, this program knows versions up to ${VERSION}: update @ihandler/store. Nothing was changed.`,
  );
}

/** Opens the database of a record, begun where there is none unless it is only looked at. Throws `TARGET_UNREADABLE`. */
export function openRecordFile(file: string, readonly: boolean): Database.Database {
  let db: Database.Database | undefined;
  try {
    // It names attackers: nobody else reads it, nor what SQLite puts beside it.
    if (!readonly && !existsSync(file)) closeSync(openSync(file, 'a', 0o640));
    db = new Database(file, { readonly, fileMustExist: readonly, timeout: 5000 });
    const opened = db;
    if (readonly) {
      versionOf(opened);
      return opened;
    }
    opened.pragma('journal_mode = WAL');
    opened.pragma('synchronous = FULL');
    opened
      .transaction(() => {
        if (versionOf(opened) === 0) opened.exec(schema);
      })
      .immediate();
    return opened;
  } catch (error) {
    db?.close();
    throw explain(error, file, readonly);
  }
}
