import { constants, createReadStream, createWriteStream } from 'node:fs';
import { access, chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { describeError } from '@ihandler/core';
import { describeCode, errorCode } from '@ihandler/core/kit';
import {
  assertRegularFile,
  classifyFailure,
  LOCK_TIMEOUT,
  type LockPatience,
  openAndSetUp,
  openWhenUnlocked,
  statusOf,
  tableNames,
  unreadable,
} from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';
import { explainReading } from '../database/failure.ts';
import { assertReadableVersion } from '../database/open-database.ts';
import { readHead } from '../database/target-file.ts';

/** A database that is open for reading. */
export interface ReadableDatabase {
  readonly database: Database;
  close(): Promise<void>;
}

/** Whether a file that begins with these bytes is gzipped. */
export function isGzipHead(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

function open(file: string, readonly: boolean, timeout = LOCK_TIMEOUT): Database {
  return openAndSetUp(file, { readonly, fileMustExist: true, timeout }, (database) => {
    // Views and triggers in the database may not call functions with side effects.
    database.pragma('trusted_schema = OFF');
    const names = tableNames(database);
    if (names.has('ihandler_meta')) assertReadableVersion(database, file);
    if (!names.has('connections'))
      throw unreadable(
        names.size === 0
          ? `Expected a database with dionaea's tables, found an empty database in ${file}: name another file.`
          : `Expected a database with dionaea's tables, found the database of another program in ${file} (it has tables such as ${JSON.stringify([...names].slice(0, 3))}): name another file.`,
      );
    database.pragma(`busy_timeout = ${LOCK_TIMEOUT}`);
  });
}

/**
 * Removes the files that a reader leaves beside a database with a write-ahead log: one more connection that may write does
 * so when it is the last one to close. SQLite makes sure that files in use stay.
 */
function tidy(file: string): void {
  try {
    openAndSetUp(file, { fileMustExist: true, timeout: 0 }, (last) => {
      last.prepare('SELECT 1 FROM sqlite_master').get();
    }).close();
  } catch {
    // This user may not write the database, or it is in use: the files stay, and do no harm.
  }
}

async function unzip(from: string, to: string): Promise<void> {
  try {
    await pipeline(createReadStream(from), createGunzip(), createWriteStream(to, { mode: 0o600 }));
  } catch (error) {
    throw unreadable(`Cannot unpack ${from}: ${describeError(error)}.`, error);
  }
}

/** Copies a database with its write-ahead log or rollback journal; SQLite repairs the copy when it opens it. */
async function copyAll(from: string, to: string): Promise<void> {
  for (const end of ['', '-wal', '-journal'])
    if (statusOf(from + end) !== undefined) {
      await copyFile(from + end, to + end);
      // A copy of a read-only file is read-only, and SQLite could not repair it.
      await chmod(to + end, 0o600);
    }
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
    const database = open(target, false);
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

/** The error for a file that is not a database: it names the kind of file, judged by its first bytes. */
function notDatabase(file: string, head: Uint8Array, cause: unknown): Error {
  const text = Buffer.from(head).toString('utf8');
  const isText = !/[^\P{Cc}\s]|\ufffd(?!$)/u.test(text);
  const isJson = isText && text.trimStart().startsWith('{');
  const found = isJson
    ? 'a file with JSON'
    : isText
      ? 'a text file'
      : 'a binary file that is not SQLite, or is damaged';
  const advice = isJson
    ? 'to store the incidents in it, import it (ihandler import FILE --with log-sqlite:file=attacks.sqlite) and name that database'
    : 'name another file';
  return unreadable(`Expected a database with dionaea's tables, found ${found}: ${file}; ${advice}.`, cause);
}

async function assertReadable(file: string): Promise<void> {
  try {
    await access(file, constants.R_OK);
  } catch (error) {
    throw unreadable(
      `Cannot read ${file} (${describeCode(errorCode(error))}): give this user permission, for instance through its group.`,
      error,
    );
  }
}

/**
 * Opens a database for reading. Changes nothing in or beside it, apart from the files that SQLite itself needs beside a
 * write-ahead log. Reads a copy in the system's temporary folder of a gzipped database, of one on a read-only medium, and of
 * one that a crash left half written. Throws `TARGET_UNREADABLE` with advice.
 */
export async function openReadable(file: string, patience: LockPatience = {}): Promise<ReadableDatabase> {
  const status = statusOf(file);
  if (status === undefined) throw unreadable(`${file} does not exist: check the path.`);
  assertRegularFile(file, status);
  await assertReadable(file);
  const wasAlone = statusOf(`${file}-wal`) === undefined;
  try {
    const database = await openWhenUnlocked((timeout) => open(file, true, timeout), patience);
    return {
      database,
      async close() {
        database.close();
        if (wasAlone && statusOf(`${file}-wal`)?.size === 0) tidy(file);
      },
    };
  } catch (error) {
    const failure = classifyFailure(error);
    if (failure === 'not-sqlite' && isGzipHead(readHead(file))) return openCopy(file, unzip);
    if (failure === 'inaccessible') return openCopy(file, copyAll);
    if (failure === 'not-sqlite') throw notDatabase(file, readHead(file), error);
    throw explainReading(error, file);
  }
}
