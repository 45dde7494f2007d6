import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { IhandlerError } from '@ihandler/core';
import Database from 'better-sqlite3';

/** The right to write a journal, until it is released or the process dies, however it dies. */
export interface Ownership {
  /** Gives the right back. With `leaveNoTrace` a lock file that this made goes too: for what turned out to be no journal. */
  release(leaveNoTrace?: boolean): void;
}

/** Makes an empty file unless there is one. Opens no file that exists: closing it would drop the locks of this process. */
function made(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o640));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function holderOf(pidFile: string): string {
  try {
    const pid = /^\d{1,10}(?=\n$)/.exec(readFileSync(pidFile, 'latin1'));
    if (pid) return `process ${pid[0]}`;
  } catch {
    // The holder has the lock and has not written its number yet, or it is another user's.
  }
  return 'another process';
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

/**
 * Takes the right to write the journal `file` (a real path). The lock is SQLite's own, on the empty database `<file>.lock`:
 * the system drops it when the process dies, and it leaves the journal itself free for readers. `<file>.pid` says who has
 * it. Throws `JOURNAL_BUSY`.
 */
export function takeOwnership(file: string): Ownership {
  const lockFile = `${file}.lock`;
  const pidFile = `${file}.pid`;
  const isMade = made(lockFile);
  const lock = new Database(lockFile, { timeout: 0, fileMustExist: true });
  try {
    lock.exec('BEGIN IMMEDIATE');
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o640 });
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new IhandlerError(
      'JOURNAL_BUSY',
      `The journal ${file} is being written by ${holderOf(pidFile)}: one process writes a journal. ` +
        'Stop that one, or give this one a journal of its own.',
      { cause: error },
    );
  }
  return {
    release(leaveNoTrace = false) {
      try {
        rmSync(pidFile, { force: true });
        if (leaveNoTrace && isMade) rmSync(lockFile, { force: true });
      } finally {
        lock.close();
      }
    },
  };
}
