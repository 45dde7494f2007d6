import type { Database } from 'better-sqlite3';

/** A stream and its id in the entries. */
export interface Stream {
  readonly id: number;
  /** The highest ordinal whose entry was deleted; all ordinals up to it are duplicates. -1 when there is none. */
  readonly removed: number;
}

/** The table of streams. Names have passed `exactText`. */
export interface Streams {
  find(name: string): Stream | undefined;
  /** Finds or adds a stream. Call it within a transaction. */
  get(name: string): Stream;
  /** Records that the entry of an ordinal was deleted. Call it within a transaction. */
  remove(id: number, ordinal: number): void;
  /** Clears the cache. Call it when a transaction did not commit. */
  rolledBack(): void;
}

/** The most streams in the cache. */
const CACHE_LIMIT = 10_000;

/** Creates access to the streams. */
export function createStreams(db: Database): Streams {
  const select = db.prepare<[string], Stream>('SELECT id, removed FROM streams WHERE name = ?');
  const add = db.prepare<[string]>('INSERT INTO streams (name) VALUES (?)');
  const raise = db.prepare<[number, number]>('UPDATE streams SET removed = max(removed, ?) WHERE id = ?');
  const cache = new Map<string, Stream>();
  return {
    find: (name) => select.get(name),
    get(name) {
      let stream = cache.get(name);
      if (stream === undefined) {
        // Attackers can invent streams, so the cache is bounded.
        if (cache.size >= CACHE_LIMIT) cache.clear();
        stream = select.get(name) ?? { id: Number(add.run(name).lastInsertRowid), removed: -1 };
        cache.set(name, stream);
      }
      return stream;
    },
    remove(id, ordinal) {
      raise.run(ordinal, id);
      cache.clear();
    },
    rolledBack: () => cache.clear(),
  };
}
