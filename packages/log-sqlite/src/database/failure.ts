import { describeError, isIhandlerError, temporary } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import { classifyFailure, explainOpening as explainOpeningFile, unreadable } from '@ihandler/sqlite-file';

/**
 * Turns a failure of SQLite into a temporary error with advice. A damaged database or schema is temporary too: no incident
 * caused it, so the write is retried until an operator has repaired the file.
 */
export function explainFailure(error: unknown, file: string): unknown {
  if (isIhandlerError(error)) return temporary(error.message, { cause: error });
  switch (classifyFailure(error)) {
    case 'locked':
      return temporary(`${file} is locked by another program`, { cause: error });
    case 'not-sqlite':
    case 'damaged':
      return temporary(
        `${file} is damaged: move it and the files beside it away, and restore a backup if you have one`,
        { cause: error },
      );
    case 'wrong-tables':
      return temporary(
        `${file} lacks expected tables or columns: another program may have changed it (${describeError(error)})`,
        { cause: error },
      );
    default:
      return error;
  }
}

/** The same for opening a file: a file that cannot be used is `TARGET_UNREADABLE`. */
export function explainOpening(error: unknown, file: string): unknown {
  const explained = explainOpeningFile(error, file);
  return isIhandlerError(explained) ? explained : explainFailure(explained, file);
}

/** The same for a reader, which does not retry: `TARGET_UNREADABLE`. */
export function explainReading(error: unknown, file: string): unknown {
  switch (classifyFailure(error)) {
    case 'locked':
      return unreadable(
        `${file} is locked by another program: try again when it has finished, or read a copy.`,
        error,
      );
    case 'full':
      return unreadable(`The temporary folder is full, so ${file} cannot be read: free some space.`, error);
    case 'wrong-tables':
      return unreadable(`${file} does not have the tables of dionaea: ${describeError(error)}.`, error);
    default:
      return errorCode(error).startsWith('SQLITE_IOERR')
        ? unreadable(`Cannot read ${file} (${describeError(error)}): check the path and the disk.`, error)
        : explainOpening(error, file);
  }
}
