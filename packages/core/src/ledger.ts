import type { Incident } from './incident.ts';
import type { Books, Cursor, DeadLetter, Journal, JournalRun } from './journal.ts';

/** The cursor of one instance and its way into the journal. */
export interface Ledger {
  cursor(): Cursor;
  /** Loads the cursor, or begins one before the oldest entry. */
  load(): Promise<void>;
  /** Begins again at the first position, with empty books: the handler has lost what it had stored. */
  restart(): void;
  /** Accounts for everything up to `position`: `delivered` and `dead` of it, the rest was not for this instance. */
  account(position: number, delivered: number, dead: number): void;
  /** Accounts for everything up to `position` as lost to retention. Returns how many. */
  lose(position: number): number;
  /** Notes the checkpoint that a write has stored. */
  wrote(checkpoint: Cursor['written']): void;
  /** How many entries are accounted for in memory only; a crash counts them again, the same. */
  uncommitted(): number;
  /** Makes the cursor durable together with dead letters and reports. */
  commit(reports: readonly Incident[], deadLetters: readonly DeadLetter[]): Promise<JournalRun>;
}

const noBooks: Books = Object.freeze({ delivered: 0, filtered: 0, dead: 0, dropped: 0, lost: 0 });

/** Keeps the books of an instance. */
export function createLedger(journal: Journal, instance: string): Ledger {
  let cursor: Cursor = { first: 0, position: 0, books: noBooks, written: {} };
  let committed = 0;

  function move(position: number, change: Partial<Books>): void {
    const { books } = cursor;
    const { delivered = 0, filtered = 0, dead = 0, lost = 0 } = change;
    cursor = {
      ...cursor,
      position,
      books: {
        delivered: books.delivered + delivered,
        filtered: books.filtered + filtered,
        dead: books.dead + dead,
        dropped: books.dropped,
        lost: books.lost + lost,
      },
    };
  }

  return {
    cursor: () => cursor,
    async load() {
      const { before } = journal.bounds();
      cursor = (await journal.cursor(instance)) ?? { first: before, position: before, books: noBooks, written: {} };
      committed = cursor.position;
    },
    restart() {
      cursor = { ...cursor, position: cursor.first, books: noBooks, written: {} };
      committed = cursor.position;
    },
    account: (position, delivered, dead) =>
      move(position, { delivered, dead, filtered: position - cursor.position - delivered - dead }),
    lose(position) {
      const lost = position - cursor.position;
      move(position, { lost });
      return lost;
    },
    wrote(written) {
      cursor = { ...cursor, written };
    },
    uncommitted: () => cursor.position - committed,
    async commit(reports, deadLetters) {
      const step = { instance, cursor, deadLetters, reports };
      const result = journal.commit(step);
      const run = result instanceof Promise ? await result : result;
      committed = Math.max(committed, step.cursor.position);
      return run;
    },
  };
}
