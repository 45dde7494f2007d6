import { constants, createReadStream, createWriteStream } from 'node:fs';
import { access, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { describeError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import Database from 'better-sqlite3';
import { explainReading, LOCK_SECONDS } from '../database/failure.ts';
import { assertKnownVersion, tableNames } from '../database/open-database.ts';
import { assertFile, readHead, statusOf, unreadable } from '../database/target-file.ts';

/** A database that is open for reading. */
export interface ReadableDatabase {
  readonly database: Database.Database;
  close(): Promise<void>;
}

/** Whether a file that begins so is gzipped. */
export function isGzipHead(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

function open(file: string, options: Database.Options): Database.Database {
  const database = new Database(file, { ...options, fileMustExist: true, timeout: LOCK_SECONDS * 1000 });
  try {
    // What a database brings along in views and triggers is not ours to run.
    database.pragma('trusted_schema = OFF');
    const names = tableNames(database);
    if (names.has('ihandler_meta')) assertKnownVersion(database, file);
    if (!names.has('connections'))
      throw unreadable(`${file} holds no attacks: it has no table "connections". Name another database.`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Somebody who only reads a database with a write-ahead log leaves files beside it. One more connection that may write, as
 * the last one, takes them away; SQLite sees to it that nobody else's are touched.
 */
function tidy(file: string): void {
  try {
    const last = new Database(file, { fileMustExist: true, timeout: 0 });
    try {
      last.prepare('SELECT 1 FROM sqlite_master').get();
    } finally {
      last.close();
    }
  } catch {
    // It may not be written by this user, or is in use: the files stay, and do no harm.
  }
}

async function unzip(from: string, to: string): Promise<void> {
  try {
    await pipeline(createReadStream(from), createGunzip(), createWriteStream(to, { mode: 0o600 }));
  } catch (error) {
    throw unreadable(`${from} cannot be unpacked: ${describeError(error)}.`, error);
  }
}

/** Copies a database with what SQLite left beside it, from which the copy is put right when it is opened. */
async function copyAll(from: string, to: string): Promise<void> {
  for (const end of ['', '-wal', '-journal'])
    if (statusOf(from + end) !== undefined) await copyFile(from + end, to + end);
}

async function openCopy(
  file: string,
  copy: (from: string, to: string) => Promise<void>,
): Promise<ReadableDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'ihandler-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  try {
    const target = join(folder, basename(file));
    await copy(file, target);
    const database = open(target, {});
    return {
      database,
      async close() {
        database.close();
        await removeFolder();
      },
    };
  } catch (error) {
    await removeFolder();
    throw explainReading(error, file);
  }
}

async function assertReadable(file: string): Promise<void> {
  try {
    await access(file, constants.R_OK);
  } catch (error) {
    const advice = 'give this user permission, for instance through its group';
    throw unreadable(`${file} cannot be read (${errorCode(error)}): ${advice}.`, error);
  }
}

/**
 * Opens a database for reading, as it is: nothing in it or beside it is changed but what SQLite itself needs beside one
 * with a write-ahead log. A gzipped one, one on a read-only medium, and one that a crash left half written are read from a
 * copy in the system's temporary folder. Throws `TARGET_UNREADABLE` with what to do.
 */
export async function openReadable(file: string): Promise<ReadableDatabase> {
  const status = statusOf(file);
  if (status === undefined) throw unreadable(`${file} does not exist: check the path.`);
  assertFile(file, status);
  await assertReadable(file);
  const wasAlone = statusOf(`${file}-wal`) === undefined;
  try {
    const database = open(file, { readonly: true });
    return {
      database,
      async close() {
        database.close();
        if (wasAlone && statusOf(`${file}-wal`)?.size === 0) tidy(file);
      },
    };
  } catch (error) {
    const code = errorCode(error);
    if (code === 'SQLITE_NOTADB' && isGzipHead(readHead(file))) return openCopy(file, unzip);
    if (code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_READONLY'))
      return openCopy(file, copyAll);
    throw explainReading(error, file);
  }
}
