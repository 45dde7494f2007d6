import { renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { createFile, LOCK_TIMEOUT, openAndSetUp } from '@ihandler/sqlite-file';
import Database from 'better-sqlite3';
import { schema } from '../schema/schema.ts';
import { syncFolder } from './sync-folder.ts';

/** Size of the write-ahead log, in bytes, that SQLite keeps after a checkpoint. */
const KEPT_LOG_SIZE = 67_108_864;
/** Pages in the write-ahead log after which SQLite writes them back into the file. Each checkpoint costs two more fsyncs. */
const CHECKPOINT_AFTER = 4000;

/** Creates a complete journal in `<file>.new`, in place of one that a crash left there. Returns that name. */
export function draftJournal(file: string, fill: (db: Database.Database) => void = () => {}): string {
  const draft = `${file}.new`;
  for (const rest of ['', '-journal', '-wal', '-shm']) rmSync(draft + rest, { force: true });
  createFile(draft);
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

/** Creates a journal. It gets its name when it is complete, so a crash leaves a complete journal or none. */
export function createJournal(file: string): void {
  renameSync(draftJournal(file), file);
  syncFolder(dirname(file));
}

/** Opens the journal in `file`, which this process owns. A committed transaction survives a crash of the machine. */
export function openDatabase(file: string): Database.Database {
  // A command that has looked at the journal may be closing it: SQLite locks the file for a moment.
  return openAndSetUp(file, { timeout: LOCK_TIMEOUT, fileMustExist: true }, (db) => {
    db.pragma('journal_mode = WAL');
    db.pragma('busy_timeout = 0');
    // In WAL mode this is one fsync a transaction, before COMMIT returns.
    db.pragma('synchronous = FULL');
    db.pragma(`journal_size_limit = ${KEPT_LOG_SIZE}`);
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_AFTER}`);
    // Overwrites deleted rows where their page is written anyway, so that no copy of a forgotten incident stays there.
    db.pragma('secure_delete = FAST');
  });
}
