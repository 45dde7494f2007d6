import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { schema } from '../schema/schema.ts';
import { syncFolder } from './sync-folder.ts';

/** Bytes of the log that stay for the next time. */
const LOG_STAYS = 67_108_864;
/** Pages of the log after which it is written back into the file: each time that costs two more fsyncs. */
const WRITE_BACK_AFTER = 4000;

/** Makes a whole journal under a name of its own, `<file>.new`; whatever a crash left there goes. Returns that name. */
export function draftJournal(file: string, fill: (db: Database.Database) => void = () => {}): string {
  const draft = `${file}.new`;
  for (const rest of ['', '-journal', '-wal', '-shm']) rmSync(draft + rest, { force: true });
  closeSync(openSync(draft, 'wx', 0o640));
  const db = new Database(draft);
  try {
    db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('synchronous = FULL');
    db.transaction(() => {
      db.exec(schema);
      fill(db);
    })();
    db.pragma('journal_mode = WAL');
  } finally {
    db.close();
  }
  return draft;
}

/** Makes a journal and gives it its name when it is whole, so that a crash leaves none or a whole one. */
export function createJournal(file: string): void {
  renameSync(draftJournal(file), file);
  syncFolder(dirname(file));
}

/** Opens the journal in `file`, which this process owns. A transaction that has committed survives a crash of the machine. */
export function openDatabase(file: string): Database.Database {
  const db = new Database(file, { timeout: 0, fileMustExist: true });
  try {
    db.pragma('journal_mode = WAL');
    // In WAL mode this is one fsync a transaction, before COMMIT returns.
    db.pragma('synchronous = FULL');
    db.pragma(`journal_size_limit = ${LOG_STAYS}`);
    db.pragma(`wal_autocheckpoint = ${WRITE_BACK_AFTER}`);
    // What leaves a page is overwritten there; so that what is forgotten later has no copy in between.
    db.pragma('secure_delete = FAST');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
