import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { IhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import Database from 'better-sqlite3';

/** The right to write a journal, until it is released or the process dies, however it dies. */
export interface Ownership {
  /** Whether a journal has been written under this name before: its lock was there. */
  readonly isKnown: boolean;
  /** Whether the last who had it gave it back. */
  readonly wasReleased: boolean;
  /**
   * Gives the right back. With `as-crashed` the next owner finds it as after a crash, and looks at the whole journal; with
   * `without-trace` a lock file that this made goes too: for what turned out to be no journal.
   */
  release(how?: 'as-crashed' | 'without-trace'): void;
}

/** How long a look at the lock by {@link writerOf} may be in the way of an owner, in milliseconds. */
const PATIENCE = 100;

/** Makes an empty file unless there is one. Opens no file that exists: closing it would drop the locks of this process. */
function made(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o640));
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function pidIn(pidFile: string): number | undefined {
  try {
    const pid = /^\d{1,10}(?=\n$)/.exec(readFileSync(pidFile, 'latin1'));
    return pid === null ? undefined : Number(pid[0]);
  } catch {
    // The holder has the lock and has not written its number yet, or it is another user's.
    return undefined;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process may not be signalled, and is there.
    return errorCode(error) === 'EPERM';
  }
}

/**
 * The number of the process that writes the journal `file` (a real path), or undefined. Who may not write the lock has to
 * believe the number that is left there, if a process has it.
 */
export function writerOf(file: string): number | undefined {
  const pid = pidIn(`${file}.pid`);
  if (pid === undefined) return undefined;
  try {
    const lock = new Database(`${file}.lock`, { timeout: 0, fileMustExist: true });
    try {
      lock.exec('BEGIN IMMEDIATE; ROLLBACK');
      return undefined;
    } finally {
      lock.close();
    }
  } catch {
    // Busy: the writer is there. Anything else, such as a missing permission, leaves the number.
    return isAlive(pid) ? pid : undefined;
  }
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
  const lock = new Database(lockFile, { timeout: PATIENCE, fileMustExist: true });
  let wasReleased: boolean;
  try {
    lock.exec('BEGIN IMMEDIATE');
    wasReleased = !existsSync(pidFile);
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o640 });
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    const pid = pidIn(pidFile);
    throw new IhandlerError(
      'JOURNAL_BUSY',
      `The journal ${file} is being written by ${pid === undefined ? 'another process' : `process ${pid}`}: one process writes a journal. ` +
        'Stop that one, or give this one a journal of its own.',
      { cause: error },
    );
  }
  return {
    isKnown: !isMade,
    wasReleased,
    release(how) {
      try {
        if (how !== 'as-crashed') rmSync(pidFile, { force: true });
        if (how === 'without-trace' && isMade) rmSync(lockFile, { force: true });
      } finally {
        lock.close();
      }
    },
  };
}
