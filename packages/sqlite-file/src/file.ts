import { closeSync, openSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeCode, errorCode } from '@ihandler/core/kit';
import { unreadable } from './unreadable.ts';

/** The status of the file at a path, links followed, or undefined when there is none. Throws `TARGET_UNREADABLE` for other failures. */
export function statusOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return undefined;
    throw unreadable(
      `Cannot look at ${file} (${describeCode(errorCode(error))}): give this user access to its folder.`,
      error,
    );
  }
}

/** Throws `TARGET_UNREADABLE` for a path that cannot be a database: a folder, a device. */
export function assertRegularFile(file: string, status: Stats): void {
  if (status.isDirectory())
    throw unreadable(`Expected a database, found the folder ${file}: name a file in it.`);
  if (!status.isFile()) throw unreadable(`Expected a database, found ${file}, which is not a regular file.`);
}

/**
 * Creates an empty file with these permissions less the umask. SQLite gives the files beside it the same. Returns false
 * when the file exists already. Throws `TARGET_UNREADABLE` when the folder is missing or not writable.
 */
export function createFile(file: string, mode = 0o640): boolean {
  try {
    closeSync(openSync(file, 'wx', mode));
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') return false;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw unreadable(
        `The folder ${dirname(file)} does not exist: create it, or name a file in another.`,
        error,
      );
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
      throw unreadable(
        `Cannot create ${file} (${describeCode(code)}): change the permissions of its folder, or name another.`,
        error,
      );
    throw error;
  }
}
