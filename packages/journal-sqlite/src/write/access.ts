import { isIhandlerError } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import { explainFailure } from '../database/failure.ts';
import type { Entries } from './entries.ts';

/** The way to read and write a journal's database, until it fails for good. */
export interface Access {
  /** Does work in one transaction, now. Throws what `explainFailure` says, and then nothing of the work has happened. */
  write<T>(work: () => T): T;
  /** Does what only reads. */
  read<T>(work: () => T): T;
  /** The error that ended it: every later call gets it. */
  failure(): Error | undefined;
}

/** Guards a database: after an fsync that failed, nothing is tried on it again. */
export function createAccess(db: Database, entries: Entries): Access {
  const [begin, commit, rollback] = ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'].map((sql) => db.prepare(sql));
  let failure: Error | undefined;

  function explain(error: unknown, committing: boolean): unknown {
    const explained = explainFailure(error, db.name, committing);
    if (isIhandlerError(explained) && explained.code === 'JOURNAL_FAILED') failure = explained;
    return explained;
  }

  function undo(): void {
    if (!db.inTransaction) return;
    try {
      rollback?.run();
    } catch {
      // The error that led here is the one to tell; SQLite has rolled back by itself when it can do no other.
    }
  }

  return {
    failure: () => failure,
    read(work) {
      if (failure !== undefined) throw failure;
      try {
        return work();
      } catch (error) {
        throw explain(error, false);
      }
    },
    write(work) {
      if (failure !== undefined) throw failure;
      const bounds = entries.bounds();
      let committing = false;
      try {
        begin?.run();
        entries.begin();
        const result = work();
        committing = true;
        commit?.run();
        return result;
      } catch (error) {
        undo();
        entries.rolledBack(bounds);
        throw explain(error, committing);
      }
    },
  };
}
