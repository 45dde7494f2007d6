import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { hasJournal } from './inspect-file.ts';
import { schema } from './schema.ts';

function syncFolder(folder: string): void {
  // Windows has no such call and needs none.
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes a journal beside the name and gives it the name when it is whole, so that a crash leaves none or a whole one. */
function createJournal(file: string): void {
  const draft = `${file}.new`;
  for (const rest of ['', '-journal', '-wal', '-shm']) rmSync(draft + rest, { force: true });
  closeSync(openSync(draft, 'wx', 0o640));
  const db = new Database(draft);
  try {
    db.pragma('synchronous = FULL');
    db.transaction(() => db.exec(schema))();
    db.pragma('journal_mode = WAL');
  } finally {
    db.close();
  }
  renameSync(draft, file);
  syncFolder(dirname(file));
}

/** Opens the journal in `file`, which this process owns, or makes it. A transaction that has committed survives a crash of the machine. */
export function openDatabase(file: string): Database.Database {
  if (!hasJournal(file)) createJournal(file);
  const db = new Database(file, { timeout: 0, fileMustExist: true });
  try {
    db.pragma('journal_mode = WAL');
    // In WAL mode this is one fsync a transaction, before COMMIT returns.
    db.pragma('synchronous = FULL');
    db.pragma('journal_size_limit = 67108864');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
