import { existsSync } from 'node:fs';
import { describeError, IhandlerError } from '@ihandler/core';
import { classifyFailure, LOCK_TIMEOUT, unreadable } from '@ihandler/sqlite-file';
import Database from 'better-sqlite3';

const columns = { md5: 'download_md5_hash', sha256: 'download_sha256_hash' } as const;

/** The hashes of a download in a database. */
export interface DownloadHashes {
  readonly md5?: string;
  readonly sha256?: string;
}

/**
 * Every hash in the table `downloads` of a database with dionaea's tables, each once, newest download first. Only reads; the
 * database may be in use. Throws `TARGET_UNREADABLE`.
 */
export function* readHashes(file: string): Generator<DownloadHashes, void, undefined> {
  if (!existsSync(file))
    throw unreadable(`${file} does not exist: name a database of dionaea or log-sqlite.`);
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { readonly: true, timeout: LOCK_TIMEOUT });
    const names = database.prepare("SELECT name FROM pragma_table_info('downloads')").pluck().all();
    const present = Object.entries(columns).filter(([, column]) => names.includes(column));
    if (present.length === 0)
      throw unreadable(
        `${file} has no table downloads with hashes: name a database of dionaea or log-sqlite.`,
      );
    const selected = present.map(([kind, column]) => `CAST(${column} AS TEXT) AS ${kind}`).join(', ');
    const grouped = present.map(([kind]) => kind).join(', ');
    yield* database
      .prepare<[], DownloadHashes>(
        `SELECT ${selected} FROM downloads GROUP BY ${grouped} ORDER BY max(download) DESC`,
      )
      .iterate();
  } catch (error) {
    if (error instanceof IhandlerError) throw error;
    if (classifyFailure(error) === 'locked')
      throw unreadable(
        `${file} is locked by another program: try again when it has finished, or read a copy.`,
        error,
      );
    throw unreadable(`Cannot read ${file}: ${describeError(error)}.`, error);
  } finally {
    database?.close();
  }
}
