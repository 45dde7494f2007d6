import { chmodSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeCode, errorCode } from '@ihandler/core/kit';
import { statusOf, unreadable } from '@ihandler/sqlite-file';
import Database from 'better-sqlite3';

/** How a backup is interrupted, and how it reports its progress. */
export interface BackupOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each step with numbers of pages. */
  onProgress?(done: number, total: number): void;
}

/** Renames a finished file; never overwrites another one. */
function place(from: string, to: string): void {
  try {
    linkSync(from, to);
    rmSync(from);
  } catch (error) {
    if (errorCode(error) === 'EEXIST')
      throw unreadable(
        `${to} already exists, and a backup does not overwrite files: name another file.`,
        error,
      );
    // The file system may not support links.
    assertFree(to);
    renameSync(from, to);
  }
}

/** Throws `TARGET_UNREADABLE` if a file exists at a path. */
export function assertFree(file: string): void {
  if (statusOf(file) !== undefined)
    throw unreadable(`${file} already exists, and a backup does not overwrite files: name another file.`);
}

/** Turns a failure to write the copy into an error that names the copy: SQLite's error would name the source. */
function explainCopying(error: unknown, target: string): unknown {
  const code = errorCode(error);
  if (code === 'SQLITE_FULL' || code === 'ENOSPC')
    return unreadable(
      `The disk is full, so the copy ${target} cannot be written: free some space, or name another folder.`,
      error,
    );
  if (code.startsWith('SQLITE_CANTOPEN') || code === 'EACCES' || code === 'EROFS')
    return unreadable(
      `Cannot create the copy ${target} (${describeCode(code)}): check the permissions of its folder.`,
      error,
    );
  return error;
}

function assertSound(file: string): void {
  const copy = new Database(file, { fileMustExist: true });
  try {
    // The copy is one file, without a write-ahead log beside it.
    copy.pragma('journal_mode = DELETE');
    const result: unknown = copy.pragma('quick_check(1)', { simple: true });
    if (result !== 'ok')
      throw unreadable(
        `The copy ${file} is damaged (${String(result)}), and so probably is the original database. The copy was removed.`,
      );
  } finally {
    copy.close();
  }
}

/**
 * Copies an open database, while other programs may write to it, and verifies the copy before it gets its name. Returns the
 * size of the copy in bytes. Throws `TARGET_UNREADABLE` if `target` already exists or the copy is damaged.
 */
export async function backUpDatabase(
  database: Database.Database,
  target: string,
  { signal, onProgress }: BackupOptions = {},
): Promise<number> {
  assertFree(target);
  if (statusOf(dirname(target)) === undefined)
    throw unreadable(`The folder ${dirname(target)} does not exist: create it, or name a file in another.`);
  const partial = `${target}.partial`;
  const mode = statSync(database.name).mode & 0o777;
  rmSync(partial, { force: true });
  try {
    await database.backup(partial, {
      progress({ totalPages, remainingPages }) {
        signal?.throwIfAborted();
        onProgress?.(totalPages - remainingPages, totalPages);
        return 1000;
      },
    });
    chmodSync(partial, mode);
    assertSound(partial);
    place(partial, target);
  } catch (error) {
    throw explainCopying(error, target);
  } finally {
    for (const end of ['', '-journal', '-wal', '-shm']) rmSync(partial + end, { force: true });
  }
  return statSync(target).size;
}
