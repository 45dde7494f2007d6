import { statfsSync } from 'node:fs';
import { createRequire as requireFrom } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { formatBytes } from '@ihandler/core/kit';
import { LOCK_TIMEOUT, statusOf } from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';

/** Space for the new copy and for the log through which SQLite writes it, as a multiple of the size of the database. */
const SPACE_NEEDED = 2.2;

/** The worker makes no checkpoint: the process that has the file open shortens it, when it is ready. */
const program = `
const { parentPort, workerData: { driver, file, timeout } } = require('node:worker_threads');
const Database = require(driver);
try {
  const database = new Database(file, { fileMustExist: true, timeout });
  database.pragma('wal_autocheckpoint = 0');
  database.exec('VACUUM');
  database.close();
  parentPort.postMessage(undefined);
} catch (error) {
  parentPort.postMessage(String(error && error.message || error));
}
`;

function inWorker(file: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const driver = requireFrom(import.meta.url).resolve('better-sqlite3');
    const worker = new Worker(program, { eval: true, workerData: { driver, file, timeout: LOCK_TIMEOUT } });
    worker.once('message', (problem: string | undefined) => resolve(problem));
    worker.once('error', (error) => resolve(error.message));
    worker.once('exit', (code) => resolve(`the worker exited with code ${code}`));
  });
}

/**
 * Rewrites a database without its unused parts, in a worker thread, and empties its log. Returns the reason for a message if
 * that failed, or undefined.
 */
export async function vacuum(database: Database, file: string): Promise<string | undefined> {
  const { bavail, bsize } = statfsSync(dirname(file));
  const needed = (statusOf(file)?.size ?? 0) * SPACE_NEEDED;
  const problem =
    bavail * bsize < needed
      ? `needs ${formatBytes(needed)}, only ${formatBytes(bavail * bsize)} free`
      : await inWorker(file);
  // One row, in this form (https://sqlite.org/pragma.html#pragma_wal_checkpoint).
  const [result] = database.pragma('wal_checkpoint(TRUNCATE)') as readonly { readonly busy: number }[];
  if (problem !== undefined) return problem;
  return result?.busy === 1 ? 'another program reads it' : undefined;
}
