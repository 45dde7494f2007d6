import type { Database } from 'better-sqlite3';
import { type Acceptance, createAcceptance } from './acceptance.ts';
import { type Access, createAccess } from './access.ts';
import { type Cursors, createCursors } from './cursors.ts';
import { createDeadLetters, type DeadLetters } from './dead-letters.ts';
import { createEntries, type Entries } from './entries.ts';
import { createGroupCommit, type GroupCommit } from './group-commit.ts';
import { createSourceStates, type SourceStates } from './source-states.ts';

/** Access to the tables of an open journal. */
export interface Store {
  readonly db: Database;
  readonly entries: Entries;
  readonly acceptance: Acceptance;
  readonly cursors: Cursors;
  readonly deadLetters: DeadLetters;
  readonly sources: SourceStates;
  readonly access: Access;
  readonly group: GroupCommit;
}

/** Creates access to the tables of a journal. `onDamaged` is called with the position of each damaged entry that is read. */
export function createStore(db: Database, onDamaged: (position: number) => void): Store {
  const entries = createEntries(db, onDamaged);
  const access = createAccess(db, entries);
  return {
    db,
    entries,
    acceptance: createAcceptance(db),
    cursors: createCursors(db),
    deadLetters: createDeadLetters(db),
    sources: createSourceStates(db),
    access,
    group: createGroupCommit(access.write),
  };
}
