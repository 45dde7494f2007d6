import type { Cursor } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import { type CursorValues, cursorSum } from './checksum.ts';
import { exactText, originalText } from './exact-text.ts';

/** A cursor and the time when its instance last ran, in milliseconds since the Unix epoch. */
export type UsedCursor = Cursor & { readonly usedAt: number };

/** The table of cursors. */
export interface Cursors {
  get(instance: string): Cursor | undefined;
  /** Call this and the following methods within a transaction. */
  set(instance: string, cursor: Cursor, usedAt: number): void;
  /** Records that an instance has run. Does nothing for an instance without a cursor. */
  use(instance: string, usedAt: number): void;
  /** Deletes the cursors and dead letters of instances that have not run for `keep` milliseconds while others did. Returns their names. */
  removeUnused(keep: number): readonly string[];
}

type CursorRow = Omit<CursorValues, 'instance'>;

interface UsedRow extends CursorValues {
  readonly used_at: number;
}

const columns = 'first, position, delivered, filtered, dead, dropped, lost, written';

function cursorOf({ first, position, written, delivered, filtered, dead, dropped, lost }: CursorRow): Cursor {
  return {
    first,
    position,
    counts: { delivered, filtered, dead, dropped, lost },
    written: JSON.parse(written),
  };
}

/** All cursors, by instance. */
export function readCursors(db: Database): Readonly<Record<string, UsedCursor>> {
  const rows = db
    .prepare<[], UsedRow>(`SELECT instance, ${columns}, used_at FROM cursors ORDER BY instance`)
    .all();
  return Object.fromEntries(
    rows.map((row) => [originalText(row.instance), { ...cursorOf(row), usedAt: row.used_at }]),
  );
}

/** Creates access to the cursors. */
export function createCursors(db: Database): Cursors {
  const select = db.prepare<[string], CursorRow>(`SELECT ${columns} FROM cursors WHERE instance = ?`);
  const replace = db.prepare<UsedRow & { readonly sum: number }>(
    `INSERT OR REPLACE INTO cursors (instance, ${columns}, used_at, sum)
     VALUES (@instance, @first, @position, @delivered, @filtered, @dead, @dropped, @lost, @written, @used_at, @sum)`,
  );
  const use = db.prepare<[number, string]>('UPDATE cursors SET used_at = ? WHERE instance = ?');
  // Compared with the newest time of use, so that a machine that was off for a year, or has a wrong clock, loses no cursor.
  const unused = db
    .prepare<[number], string>(
      'SELECT instance FROM cursors WHERE used_at < (SELECT max(used_at) FROM cursors) - ?',
    )
    .pluck();
  const removals = ['cursors', 'dead_letters'].map((table) =>
    db.prepare<[string]>(`DELETE FROM ${table} WHERE instance = ?`),
  );
  const removeState = db.prepare<[string]>('DELETE FROM sources WHERE source = ?');
  return {
    get(instance) {
      const row = select.get(exactText(instance));
      return row === undefined ? undefined : cursorOf(row);
    },
    set(instance, { first, position, counts, written }, usedAt) {
      const { delivered, filtered, dead, dropped, lost } = counts;
      const row = {
        instance: exactText(instance),
        ...{ first, position, delivered, filtered, dead, dropped, lost },
        written: JSON.stringify(written),
      };
      replace.run({ ...row, used_at: usedAt, sum: cursorSum(row) });
    },
    use: (instance, usedAt) => {
      use.run(usedAt, exactText(instance));
    },
    removeUnused(keep) {
      const instances = unused.all(Math.trunc(keep));
      for (const instance of instances) {
        for (const removal of removals) removal.run(instance);
        removeState.run(`@${instance}`);
      }
      return instances.map(originalText);
    },
  };
}
