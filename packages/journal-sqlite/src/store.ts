import type { Database } from 'better-sqlite3';
import { type Cursors, createCursors } from './cursors.ts';
import { createDeadLetters, type DeadLetters } from './dead-letters.ts';
import { createEntries, type Entries } from './entries.ts';
import { createGroupCommit, type GroupCommit } from './group-commit.ts';

/** The tables of an open journal, and the way to write them. */
export interface Store {
  readonly entries: Entries;
  readonly cursors: Cursors;
  readonly deadLetters: DeadLetters;
  readonly group: GroupCommit;
}

/** Makes what reads and writes a journal's database. */
export function createStore(db: Database): Store {
  const entries = createEntries(db);
  const transaction = db.transaction((work: () => void) => {
    entries.begin();
    work();
  });
  const group = createGroupCommit((work) => {
    const { last } = entries.bounds();
    try {
      transaction.immediate(work);
    } catch (error) {
      entries.rolledBack(last);
      throw error;
    }
  });
  return { entries, cursors: createCursors(db), deadLetters: createDeadLetters(db), group };
}
