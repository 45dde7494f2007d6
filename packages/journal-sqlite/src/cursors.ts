import type { Cursor } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import { exactText } from './exact-text.ts';

/** The table of cursors. */
export interface Cursors {
  get(instance: string): Cursor | undefined;
  /** To be called within a transaction. */
  set(instance: string, cursor: Cursor): void;
}

interface CursorRow {
  readonly first: number;
  readonly position: number;
  readonly delivered: number;
  readonly filtered: number;
  readonly dead: number;
  readonly dropped: number;
  readonly lost: number;
  readonly written: string;
}

/** Reads and writes cursors. */
export function createCursors(db: Database): Cursors {
  const select = db.prepare<[string], CursorRow>(
    'SELECT first, position, delivered, filtered, dead, dropped, lost, written FROM cursors WHERE instance = ?',
  );
  const replace = db.prepare<CursorRow & { readonly instance: string }>(
    `INSERT OR REPLACE INTO cursors (instance, first, position, delivered, filtered, dead, dropped, lost, written)
     VALUES (@instance, @first, @position, @delivered, @filtered, @dead, @dropped, @lost, @written)`,
  );
  return {
    get(instance) {
      const row = select.get(exactText(instance));
      if (row === undefined) return undefined;
      const { first, position, written, ...books } = row;
      return { first, position, books, written: JSON.parse(written) };
    },
    set(instance, { first, position, books, written }) {
      const { delivered, filtered, dead, dropped, lost } = books;
      replace.run({
        instance: exactText(instance),
        first,
        position,
        delivered,
        filtered,
        dead,
        dropped,
        lost,
        written: JSON.stringify(written),
      });
    },
  };
}
