import { describeError, isIhandlerError, temporary } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import { unreadable } from './target-file.ts';

/**
 * Says what a failure of SQLite means for a file. Busy, a full disk and the like pass, so they keep their kind; a damaged
 * database or schema is nothing an incident can be blamed for, so it is tried again until somebody has put it right.
 */
export function explainFailure(error: unknown, file: string): unknown {
  if (isIhandlerError(error)) return temporary(error.message, { cause: error });
  const code = errorCode(error);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return temporary(`${file} is locked by another program at the moment`, { cause: error });
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB'))
    return temporary(
      `${file} is damaged: move it and the files beside it away, and put a backup there if you have one`,
      { cause: error },
    );
  if (code === 'SQLITE_ERROR' || code === 'SQLITE_SCHEMA')
    return temporary(
      `${file} does not hold the tables that are expected: was it changed by another program?`,
      {
        cause: error,
      },
    );
  return error;
}

/** The same for opening a file: what cannot be used is told at once. */
export function explainOpening(error: unknown, file: string): unknown {
  if (isIhandlerError(error)) return error;
  const code = errorCode(error);
  if (code.startsWith('SQLITE_NOTADB'))
    return unreadable(
      `${file} is not a SQLite database: it begins with other bytes. Name another file.`,
      error,
    );
  if (code.startsWith('SQLITE_CORRUPT'))
    return unreadable(
      `${file} is a damaged SQLite database: put a backup there, or name another file.`,
      error,
    );
  if (
    code.startsWith('SQLITE_CANTOPEN') ||
    code.startsWith('SQLITE_READONLY') ||
    code.startsWith('SQLITE_PERM')
  )
    return unreadable(
      `${file} cannot be opened (${code}): check the permissions of the file and its folder.`,
      error,
    );
  return explainFailure(error, file);
}

/** How long a reader waits for somebody who has the database locked. */
export const LOCK_SECONDS = 30;

/** The same for reading, where there is nobody to try again: it is told at once. */
export function explainReading(error: unknown, file: string): unknown {
  const code = errorCode(error);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return unreadable(
      `${file} was locked by another program for ${LOCK_SECONDS} seconds: try again when it has finished, or read a copy.`,
      error,
    );
  if (code === 'SQLITE_FULL')
    return unreadable(`There is no space left in the temporary folder to read ${file}: make some.`, error);
  if (code === 'SQLITE_ERROR')
    return unreadable(`${file} does not have the tables of dionaea: ${describeError(error)}.`, error);
  return explainOpening(error, file);
}
