import { IhandlerError } from '@ihandler/core';
import Database from 'better-sqlite3';

/** How soon whoever found the journal full may ask again, in milliseconds. */
const RETRY_AFTER = 1000;

/** An error for a journal that takes nothing at the moment; `JOURNAL_FULL`, passing. */
export function journalFull(
  message: string,
  cause?: unknown,
): IhandlerError & { readonly retryAfter: number } {
  return Object.assign(new IhandlerError('JOURNAL_FULL', message, { cause }), { retryAfter: RETRY_AFTER });
}

/** No cause: SQLite's code would tell lanes to try again. */
function journalFailed(file: string, what: string, todo: string): IhandlerError {
  return new IhandlerError(
    'JOURNAL_FAILED',
    `The journal ${file} can promise nothing any more: ${what}. What it has acknowledged is kept. ${todo}`,
  );
}

/**
 * Says what an error of SQLite means for a journal. `JOURNAL_FULL` (passing) when nothing could be written for want of
 * space; `JOURNAL_FAILED` when nobody knows what is on the disk: an fsync failed, which the system reports once and then
 * forgets, or the file is damaged. Anything else stays what it is.
 */
export function explainFailure(error: unknown, file: string, committing: boolean): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const { code, message } = error;
  if (code.startsWith('SQLITE_FULL'))
    return journalFull(
      `The journal ${file} takes nothing at the moment: the disk is full (${message}). Make room on it; nothing accepted is lost.`,
      error,
    );
  // A quota or a limit of file sizes, mostly. What was not written was not acknowledged.
  if (code === 'SQLITE_IOERR_WRITE')
    return journalFull(
      `The journal ${file} takes nothing at the moment: it cannot be written (${code}). Look for a quota, a limit of file sizes or errors of the disk; nothing accepted is lost.`,
      error,
    );
  if (/^SQLITE_IOERR_(DIR_)?FSYNC/.test(code) || (committing && code.startsWith('SQLITE_IOERR')))
    return journalFailed(
      file,
      `the disk did not confirm a write (${code})`,
      'End this program, look at the disk and its cables in the system log, then start it again: it goes on from there.',
    );
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code))
    return journalFailed(
      file,
      `it is damaged (${code}: ${message})`,
      'Start the program again: the damaged journal is set aside, and what can be read of it goes on in a new one.',
    );
  return error;
}
