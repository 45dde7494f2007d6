import type { Database } from 'better-sqlite3';

/** A stream as entries refer to it. */
export interface Stream {
  readonly id: number;
  /** The highest ordinal whose entry is gone: what is not above it is known. -1 when none is. */
  readonly removed: number;
}

/** The table of streams. Names have passed `exactText`. */
export interface Streams {
  find(name: string): Stream | undefined;
  /** Finds it or adds it; to be called within a transaction. */
  get(name: string): Stream;
  /** Notes that an ordinal's entry is gone; to be called within a transaction. */
  remove(id: number, ordinal: number): void;
  /** Forgets what is at hand: a transaction has not committed. */
  rolledBack(): void;
}

/** Streams that are kept at hand. */
const AT_HAND = 10_000;

/** Reads and writes streams. */
export function createStreams(db: Database): Streams {
  const select = db.prepare<[string], Stream>('SELECT id, removed FROM streams WHERE name = ?');
  const add = db.prepare<[string]>('INSERT INTO streams (name) VALUES (?)');
  const raise = db.prepare<[number, number]>('UPDATE streams SET removed = max(removed, ?) WHERE id = ?');
  const atHand = new Map<string, Stream>();
  return {
    find: (name) => select.get(name),
    get(name) {
      let stream = atHand.get(name);
      if (stream === undefined) {
        // Streams come from outside: whoever floods us with new ones costs time, not memory.
        if (atHand.size >= AT_HAND) atHand.clear();
        stream = select.get(name) ?? { id: Number(add.run(name).lastInsertRowid), removed: -1 };
        atHand.set(name, stream);
      }
      return stream;
    },
    remove(id, ordinal) {
      raise.run(ordinal, id);
      atHand.clear();
    },
    rolledBack: () => atHand.clear(),
  };
}
