import { IhandlerError } from '@ihandler/core';
import Database from 'better-sqlite3';

/** Milliseconds until an append to a full journal should be retried. */
const RETRY_AFTER = 1000;

/** A `JOURNAL_FULL` error, temporary: the journal accepts nothing until there is space. */
export function journalFull(
  message: string,
  cause?: unknown,
): IhandlerError & { readonly retryAfter: number } {
  return Object.assign(new IhandlerError('JOURNAL_FULL', message, { cause }), { retryAfter: RETRY_AFTER });
}

/** Has no cause: SQLite's code would make lanes retry. */
function journalFailed(file: string, reason: string, todo: string): IhandlerError {
  return new IhandlerError(
    'JOURNAL_FAILED',
    `Journal ${file} failed: ${reason}. Incidents can no longer be stored durably; acknowledged ones are kept. ${todo}`,
  );
}

/**
 * Explains an error of SQLite. `JOURNAL_FULL` (temporary) when the disk has no space. `JOURNAL_FAILED` when the
 * content of the disk is unknown: an fsync failed, which the system reports only once, or the file is damaged. Returns any
 * other error unchanged.
 */
export function explainFailure(error: unknown, file: string, committing: boolean): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const { code, message } = error;
  if (code.startsWith('SQLITE_FULL'))
    return journalFull(
      `Journal full: ${file} accepts no incidents because the disk is full (${message}). Free disk space. No accepted incident is lost.`,
      error,
    );
  // Usually a quota or a limit of file sizes. A failed write is not acknowledged.
  if (code === 'SQLITE_IOERR_WRITE')
    return journalFull(
      `Journal full: ${file} accepts no incidents because writing it failed (${message}). Check quotas, file size limits and the disk. No accepted incident is lost.`,
      error,
    );
  if (/^SQLITE_IOERR_(DIR_)?FSYNC/.test(code) || (committing && code.startsWith('SQLITE_IOERR')))
    return journalFailed(
      file,
      `the disk did not confirm a write (${message})`,
      'Stop this program, check the system log for disk errors, then start it again: it resumes from the disk.',
    );
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code))
    return journalFailed(
      file,
      `it is damaged (${message})`,
      'Restart the program: it sets the damaged journal aside and copies all readable data into a new one.',
    );
  return error;
}
