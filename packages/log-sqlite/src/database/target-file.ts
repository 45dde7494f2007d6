import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { IhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';

/** How many bytes at the start of a SQLite database are its header. */
export const HEADER_LENGTH = 100;
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
const PAGE_SIZE_AT = 16;
const PAGE_COUNT_AT = 28;

/** Says that a file cannot be used: what was expected, what was found, where, and what to do. */
export function unreadable(message: string, cause?: unknown): IhandlerError {
  return new IhandlerError('TARGET_UNREADABLE', message, cause === undefined ? undefined : { cause });
}

/** The status of what a path leads to, or undefined when there is nothing. Throws `TARGET_UNREADABLE` for other failures. */
export function statusOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return undefined;
    const advice = 'give this user access to its folder';
    throw unreadable(`${file} cannot be looked at (${errorCode(error)}): ${advice}.`, error);
  }
}

/** Throws `TARGET_UNREADABLE` for what can be no database: a folder, a device. */
export function assertFile(file: string, status: Stats): void {
  if (status.isDirectory())
    throw unreadable(`Expected a database, found the folder ${file}: name a file in it.`);
  if (!status.isFile()) throw unreadable(`Expected a database, found something that is no file: ${file}.`);
}

/** Throws `TARGET_UNREADABLE` unless this user may write the file and beside it. */
export function assertWritable(file: string): void {
  for (const path of [file, dirname(file)])
    try {
      accessSync(path, constants.W_OK);
    } catch (error) {
      const advice = 'change its owner or permissions, or name another file';
      throw unreadable(
        `${path} is not writable for this user (${errorCode(error)}). SQLite writes the database and files beside it: ${advice}.`,
        error,
      );
    }
}

/** Makes an empty file with exactly these permissions, whatever the umask; SQLite gives the files beside it the same. */
export function createFile(file: string, mode: number): void {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, mode);
  } catch (error) {
    const code = errorCode(error);
    // Somebody else made it at the same moment, which is just as well.
    if (code === 'EEXIST') return;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw unreadable(
        `The folder ${dirname(file)} does not exist: make it, or name a file in another.`,
        error,
      );
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
      throw unreadable(
        `${file} cannot be made (${code}): change the permissions of its folder, or name another.`,
        error,
      );
    throw error;
  }
  try {
    fchmodSync(descriptor, mode);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The first bytes of a file. Closing a file drops the locks that this process holds on it, SQLite's among them: not for a
 * database that this process has open.
 */
export function readHead(file: string): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const head = Buffer.alloc(HEADER_LENGTH);
    return head.subarray(0, readSync(descriptor, head, 0, head.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** Whether a file that begins so is a SQLite database. */
export function isDatabaseHead(head: Uint8Array): boolean {
  return MAGIC.equals(head.subarray(0, MAGIC.length));
}

/** Which file a path leads to, and how large it is. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
  readonly size: number;
}

/** The identity of the file at a path, or undefined when there is none. */
export function identityOf(file: string): FileIdentity | undefined {
  const status = statusOf(file);
  return status && { device: status.dev, inode: status.ino, size: status.size };
}

/** What became of a file that is open as a database. `shrunk`: it is shorter, and nobody has looked at why. */
export type FileState = 'unchanged' | 'missing' | 'replaced' | 'shrunk';

/** Compares what a path leads to with what it led to before. */
export function fileState(before: FileIdentity, now: FileIdentity | undefined): FileState {
  if (now === undefined) return 'missing';
  if (now.device !== before.device || now.inode !== before.inode) return 'replaced';
  return now.size < before.size ? 'shrunk' : 'unchanged';
}

/** Whether a database is as long as its own header says: SQLite shortens files too, but never below that. See {@link readHead}. */
export function isWhole(file: string, size: number): boolean {
  const head = readHead(file);
  if (head.length < HEADER_LENGTH || !isDatabaseHead(head)) return false;
  const pageSize = head.readUInt16BE(PAGE_SIZE_AT);
  return size >= head.readUInt32BE(PAGE_COUNT_AT) * (pageSize === 1 ? 65_536 : pageSize);
}
