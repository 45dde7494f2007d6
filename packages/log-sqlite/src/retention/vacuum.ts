import { statfsSync } from 'node:fs';
import { createRequire as requireFrom } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { statusOf } from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';

/** The new copy, and the log or the rollback journal through which it comes, as a multiple of the database. */
const SPACE_NEEDED = 2.2;
/** How long it waits for others who have the database locked, in milliseconds. */
const PATIENCE = 5000;

/** Without checkpoints of its own: the file is shortened by who holds it open, at a moment of its choice. */
const program = `
const { parentPort, workerData: { driver, file, patience } } = require('node:worker_threads');
const Database = require(driver);
try {
  const database = new Database(file, { fileMustExist: true, timeout: patience });
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
    const worker = new Worker(program, { eval: true, workerData: { driver, file, patience: PATIENCE } });
    worker.once('message', (problem: string | undefined) => resolve(problem));
    worker.once('error', (error) => resolve(error.message));
    worker.once('exit', (code) => resolve(`it ended with ${code}`));
  });
}

/**
 * Rewrites a database without what is not used any more, in a thread of its own, and empties its log. Answers why that was
 * not done, for people; undefined when it was.
 */
export async function vacuum(database: Database, file: string): Promise<string | undefined> {
  const { bavail, bsize } = statfsSync(dirname(file));
  const needed = (statusOf(file)?.size ?? 0) * SPACE_NEEDED;
  const problem =
    bavail * bsize < needed
      ? `it needs ${Math.ceil(needed)} bytes, ${bavail * bsize} are free`
      : await inWorker(file);
  // One row, in this form (https://sqlite.org/pragma.html#pragma_wal_checkpoint).
  const [result] = database.pragma('wal_checkpoint(TRUNCATE)') as readonly { readonly busy: number }[];
  if (problem !== undefined) return problem;
  return result?.busy === 1 ? 'another program reads it' : undefined;
}
