import { accessSync, chmodSync, closeSync, constants, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeCode, errorCode } from '@ihandler/core/kit';
import { createFile, statusOf, unreadable } from '@ihandler/sqlite-file';

/** The length of the header of a SQLite database, in bytes. */
const HEADER_LENGTH = 100;
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
const PAGE_SIZE_AT = 16;
const PAGE_COUNT_AT = 28;

/** Throws `TARGET_UNREADABLE` unless this user may write the file and its folder. */
export function assertWritable(file: string): void {
  for (const path of [file, dirname(file)])
    try {
      accessSync(path, constants.W_OK);
    } catch (error) {
      throw unreadable(
        `${path} is not writable for this user (${describeCode(errorCode(error))}). SQLite writes the database and files beside it: change the owner or permissions, or name another file.`,
        error,
      );
    }
}

/** Creates an empty file with exactly these permissions, whatever the umask. SQLite gives the files beside it the same. */
export function createDatabaseFile(file: string, mode: number): void {
  if (createFile(file, mode)) chmodSync(file, mode);
}

/**
 * The first bytes of a file. Do not use it for a database that this process has open: closing a file releases the locks of
 * the process on it, including SQLite's.
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

/** Whether a file that begins with these bytes is a SQLite database. */
export function isDatabaseHead(head: Uint8Array): boolean {
  return MAGIC.equals(head.subarray(0, MAGIC.length));
}

/** Which file a path leads to, and its size in bytes. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
  readonly size: number;
}

/** The identity of the file at a path, or undefined if there is none. */
export function identityOf(file: string): FileIdentity | undefined {
  const status = statusOf(file);
  return status && { device: status.dev, inode: status.ino, size: status.size };
}

/** What happened to a file that is open as a database. `shrunk`: it is shorter, for a reason still unknown. */
export type FileState = 'unchanged' | 'missing' | 'replaced' | 'shrunk';

/** Compares the file at a path with the file that was there before. */
export function fileState(before: FileIdentity, now: FileIdentity | undefined): FileState {
  if (now === undefined) return 'missing';
  if (now.device !== before.device || now.inode !== before.inode) return 'replaced';
  return now.size < before.size ? 'shrunk' : 'unchanged';
}

/** Whether a database is as long as its header says: SQLite shortens files too, but never below that. See {@link readHead}. */
export function isWhole(file: string, size: number): boolean {
  const head = readHead(file);
  if (head.length < HEADER_LENGTH || !isDatabaseHead(head)) return false;
  const pageSize = head.readUInt16BE(PAGE_SIZE_AT);
  return size >= head.readUInt32BE(PAGE_COUNT_AT) * (pageSize === 1 ? 65_536 : pageSize);
}
