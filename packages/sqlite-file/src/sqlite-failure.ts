import { describeError, isIhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import { unreadable } from './unreadable.ts';

/**
 * Why a database file cannot be used.
 * - `locked`: another connection has a lock. Passes.
 * - `full`: no space for the file or for SQLite's temporary files. Passes.
 * - `not-sqlite`: the file begins with other bytes.
 * - `damaged`: SQLite found inconsistent pages.
 * - `inaccessible`: this user may not open, read or write the file or its folder.
 * - `wrong-tables`: a statement failed, because tables or columns are missing.
 */
export type SqliteFailure = 'locked' | 'full' | 'not-sqlite' | 'damaged' | 'inaccessible' | 'wrong-tables';

const failures: readonly (readonly [codes: RegExp, failure: SqliteFailure])[] = [
  [/^SQLITE_(?:BUSY|LOCKED)/, 'locked'],
  [/^SQLITE_FULL/, 'full'],
  [/^SQLITE_NOTADB/, 'not-sqlite'],
  [/^SQLITE_CORRUPT/, 'damaged'],
  [/^(?:SQLITE_(?:CANTOPEN|READONLY|PERM)|EACCES$|EPERM$|EROFS$|EISDIR$)/, 'inaccessible'],
  [/^SQLITE_(?:ERROR|SCHEMA)$/, 'wrong-tables'],
];

/** Classifies an error of SQLite or of the file system by its code. Undefined for any other error. */
export function classifyFailure(error: unknown): SqliteFailure | undefined {
  const code = errorCode(error);
  return failures.find(([codes]) => codes.test(code))?.[1];
}

/** What to do about a file that cannot be opened: each follows the problem and a colon. */
export interface OpeningAdvice {
  /** Default: "restore a backup, or name another file". */
  readonly damaged?: string;
  /** Default: "check the permissions of the file and its folder". */
  readonly inaccessible?: string;
}

/**
 * Turns an error of opening `file` into `TARGET_UNREADABLE` when the file is not a database, is damaged or inaccessible.
 * Returns any other error unchanged, such as a lock or a full disk, which pass.
 */
export function explainOpening(error: unknown, file: string, advice: OpeningAdvice = {}): unknown {
  if (isIhandlerError(error)) return error;
  const {
    damaged = 'restore a backup, or name another file',
    inaccessible = 'check the permissions of the file and its folder',
  } = advice;
  switch (classifyFailure(error)) {
    case 'not-sqlite':
      return unreadable(`${file} is not a SQLite database (or a damaged one): ${damaged}.`, error);
    case 'damaged':
      return unreadable(`${file} is a damaged SQLite database: ${damaged}.`, error);
    case 'inaccessible':
      return unreadable(`Cannot open ${file} (${describeError(error)}): ${inaccessible}.`, error);
    default:
      return error;
  }
}
