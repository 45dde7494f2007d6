import { existsSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { IhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import { classifyFailure, createFile } from '@ihandler/sqlite-file';
import Database from 'better-sqlite3';

/** The right to write a journal, until it is released or the process dies for any reason. */
export interface Ownership {
  /** Whether a journal was written to this path before: its lock file existed. */
  readonly isKnown: boolean;
  /** Whether the last owner released it. */
  readonly wasReleased: boolean;
  /**
   * Releases the right. With `as-crashed` the next owner checks the whole journal, as after a crash. `without-trace` also
   * removes a lock file that this owner created, if the file turned out not to be a journal.
   */
  release(how?: 'as-crashed' | 'without-trace'): void;
}

/** How many milliseconds to wait for the lock: {@link writerOf} may hold it for a moment. */
const LOCK_TIMEOUT = 100;

function pidIn(pidFile: string): number | undefined {
  try {
    const pid = /^\d{1,10}(?=\n$)/.exec(readFileSync(pidFile, 'latin1'));
    return pid === null ? undefined : Number(pid[0]);
  } catch {
    // The owner has the lock but has not written its PID yet, or the file belongs to another user.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process of another user exists but cannot be signalled.
    return errorCode(error) === 'EPERM';
  }
}

/**
 * The PID of the process that writes the journal `file` (a real path), or undefined. If this user cannot write the lock
 * file, it returns the recorded PID as long as a process has it.
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
    // Busy: the writer runs. Any other error, such as a missing permission: trust the recorded PID.
    return isAlive(pid) ? pid : undefined;
  }
}

/** What follows a journal's name in the names of the files beside it. */
const COMPANIONS = ['.lock', '.lock-journal', '.lock-wal', '.pid', '.mark', '-wal', '-shm', '-journal'];

/** Renames folders that have the name of a file beside the journal, which cannot be opened or written then. */
function moveFolders(file: string): void {
  for (const path of COMPANIONS.map((end) => `${file}${end}`))
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
      renameSync(path, `${path}.folder-${Date.now()}`);
}

/** Opens the lock file. Empties a damaged one, in place: so a process that has locked it keeps its lock. */
function openLock(lockFile: string): Database.Database {
  const lock = new Database(lockFile, { timeout: LOCK_TIMEOUT, fileMustExist: true });
  try {
    lock.pragma('schema_version');
    return lock;
  } catch (error) {
    lock.close();
    if (!/^SQLITE_(NOTADB|CORRUPT)/.test(errorCode(error))) throw error;
    truncateSync(lockFile);
    return new Database(lockFile, { timeout: LOCK_TIMEOUT, fileMustExist: true });
  }
}

/**
 * Takes ownership of the journal `file` (a real path). The lock is SQLite's own, on the empty database `<file>.lock`: the
 * system drops it when the process dies, and it does not block readers of the journal. `<file>.pid` names the owner.
 * Throws `JOURNAL_BUSY`.
 */
export function takeOwnership(file: string): Ownership {
  const lockFile = `${file}.lock`;
  const pidFile = `${file}.pid`;
  moveFolders(file);
  // An existing file is not opened here: closing it would drop the locks of this process.
  const isCreated = createFile(lockFile);
  const lock = openLock(lockFile);
  let wasReleased: boolean;
  try {
    lock.exec('BEGIN IMMEDIATE');
    wasReleased = !existsSync(pidFile);
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o640 });
  } catch (error) {
    lock.close();
    if (classifyFailure(error) !== 'locked') throw error;
    const pid = pidIn(pidFile);
    throw new IhandlerError(
      'JOURNAL_BUSY',
      `The journal ${file} is in use by ${pid === undefined ? 'another process' : `process ${pid}`}. Only one process may write a journal: ` +
        'stop that process, or configure another journal file.',
      { cause: error },
    );
  }
  return {
    isKnown: !isCreated,
    wasReleased,
    release(how) {
      try {
        if (how !== 'as-crashed') rmSync(pidFile, { force: true });
        if (how === 'without-trace' && isCreated) rmSync(lockFile, { force: true });
      } finally {
        lock.close();
      }
    },
  };
}
