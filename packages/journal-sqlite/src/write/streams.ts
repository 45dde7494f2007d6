import type { Database } from 'better-sqlite3';
import { type StreamValues, streamSum } from './checksum.ts';

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
  const row = db.prepare<[number], StreamValues>('SELECT id, name, removed FROM streams WHERE id = ?');
  const newest = db.prepare<[], number | null>('SELECT max(id) FROM streams').pluck();
  const add = db.prepare<[StreamValues & { readonly sum: number }]>(
    'INSERT INTO streams (id, name, removed, sum) VALUES (@id, @name, @removed, @sum)',
  );
  const raise = db.prepare<[number, number, number]>('UPDATE streams SET removed = ?, sum = ? WHERE id = ?');
  const cache = new Map<string, Stream>();

  function create(name: string): Stream {
    const stream = { id: (newest.get() ?? 0) + 1, name, removed: -1 };
    add.run({ ...stream, sum: streamSum(stream) });
    return stream;
  }

  return {
    find: (name) => select.get(name),
    get(name) {
      let stream = cache.get(name);
      if (stream === undefined) {
        // Attackers can invent streams, so the cache is bounded.
        if (cache.size >= CACHE_LIMIT) cache.clear();
        stream = select.get(name) ?? create(name);
        cache.set(name, stream);
      }
      return stream;
    },
    remove(id, ordinal) {
      const stream = row.get(id);
      if (stream === undefined || stream.removed >= ordinal) return;
      raise.run(ordinal, streamSum({ ...stream, removed: ordinal }), id);
      cache.clear();
    },
    rolledBack: () => cache.clear(),
  };
}
