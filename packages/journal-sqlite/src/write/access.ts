import { isIhandlerError } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import { explainFailure } from '../database/journal-failure.ts';
import type { Entries } from './entries.ts';

/** Runs reads and writes on a journal's database, until it fails permanently. */
export interface Access {
  /** Runs work in one transaction, now. Rolls back and throws the result of `explainFailure` when it fails. */
  write<T>(work: () => T): T;
  /** Runs work that only reads. */
  read<T>(work: () => T): T;
  /** The permanent error, which every later call throws. */
  failure(): Error | undefined;
}

/** Guards a database: after a failed fsync, it is never used again. */
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
      // The first error is reported. SQLite has already rolled back if it had to.
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
