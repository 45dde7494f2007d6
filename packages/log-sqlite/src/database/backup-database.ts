import { chmodSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '@ihandler/core/kit';
import { statusOf, unreadable } from '@ihandler/sqlite-file';
import Database from 'better-sqlite3';

/** What a backup is told and asked while it runs. */
export interface BackupOptions {
  readonly signal?: AbortSignal | undefined;
  onProgress?(done: number, total: number): void;
}

/** Puts a finished file in place, never over another. */
function place(from: string, to: string): void {
  try {
    linkSync(from, to);
    rmSync(from);
  } catch (error) {
    if (errorCode(error) === 'EEXIST')
      throw unreadable(`${to} exists already: a backup overwrites nothing, name another file.`, error);
    // Some file systems have no links.
    assertFree(to);
    renameSync(from, to);
  }
}

/** Throws `TARGET_UNREADABLE` when there is something at a path. */
export function assertFree(file: string): void {
  if (statusOf(file) !== undefined)
    throw unreadable(`${file} exists already: a backup overwrites nothing, name another file.`);
}

/** Says that a copy could not be written, which the error of the source's connection does not. */
function explainCopying(error: unknown, target: string): unknown {
  const code = errorCode(error);
  if (code === 'SQLITE_FULL' || code === 'ENOSPC')
    return unreadable(
      `There is no space left for the copy ${target}: make some, or name another folder.`,
      error,
    );
  if (code.startsWith('SQLITE_CANTOPEN') || code === 'EACCES' || code === 'EROFS')
    return unreadable(
      `The copy ${target} cannot be made (${code}): check the permissions of its folder.`,
      error,
    );
  return error;
}

function assertSound(file: string): void {
  const copy = new Database(file, { fileMustExist: true });
  try {
    // One file that can be read anywhere, without others beside it.
    copy.pragma('journal_mode = DELETE');
    const found: unknown = copy.pragma('quick_check(1)', { simple: true });
    if (found !== 'ok')
      throw unreadable(
        `The copy ${file} is damaged (${String(found)}), and so is likely the database it was made of. The copy was removed.`,
      );
  } finally {
    copy.close();
  }
}

/**
 * Copies an open database while others may write to it, checks the copy and puts it in place only then. Returns its size
 * in bytes. Throws `TARGET_UNREADABLE` when there is something at `target` already, or the copy is damaged.
 */
export async function backUpDatabase(
  database: Database.Database,
  target: string,
  { signal, onProgress }: BackupOptions = {},
): Promise<number> {
  assertFree(target);
  if (statusOf(dirname(target)) === undefined)
    throw unreadable(`The folder ${dirname(target)} does not exist: make it, or name a file in another.`);
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
