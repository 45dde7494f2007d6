import type { Value } from '@ihandler/core';
import { z } from 'zod';

/** The limits of a table of sessions. */
export interface SessionLimits {
  /** Maximum number of open sessions; the one that was used least recently is evicted first. @default 2000 */
  readonly max?: number;
  /** Maximum size of the table as JSON, in characters. @default 1048576 */
  readonly maxSize?: number;
  /** How many ended sessions are kept for late lines. @default 100 */
  readonly maxEnded?: number;
  /** The form of the values: a stored table of another version is discarded. @default 1 */
  readonly version?: number;
}

/**
 * What a source remembers about sessions: for sensors that name the addresses of a connection once and refer to it later.
 * The source stores the table in its state, in the transaction of the incidents, so that it continues after a restart.
 */
export interface Sessions {
  /** The value of a session, open or ended. Do not change it; `set` another one. */
  get(key: string): Value | undefined;
  /** Opens a session, or replaces its value. The value must be plain JSON. */
  set(key: string, value: Value): void;
  /** Ends a session. Its value stays for late lines, as long as there is space for it. */
  end(key: string): void;
  /** Forgets a session. */
  delete(key: string): void;
  /** The number of open sessions. */
  readonly size: number;
}

/** A table of sessions that can be stored. */
export interface SessionTable extends Sessions {
  /** How many open sessions were evicted because of a limit. */
  readonly evicted: number;
  /** The table as a value to store. */
  save(): Value;
}

const entrySchema = z.tuple([z.string(), z.custom<Value>((value) => value !== undefined)]);
const tableSchema = z.object({
  version: z.number(),
  open: z.array(entrySchema),
  ended: z.array(entrySchema),
});

interface Entry {
  readonly value: Value;
  readonly size: number;
}

/** Said when sessions are evicted. */
export const evictedMessage =
  'too many open sessions: the oldest were forgotten; the source knows nothing about their later lines but what they say themselves';

/** The brackets, quotes and commas around an entry. */
const overhead = 6;

/** Makes a {@link SessionTable}; `stored` is what an earlier one saved. */
export function createSessions(limits: SessionLimits = {}, stored?: Value): SessionTable {
  const { max = 2000, maxSize = 1024 * 1024, maxEnded = 100, version = 1 } = limits;
  // A map yields its keys in the order in which they were set: the one that was used least recently first.
  const open = new Map<string, Entry>();
  const ended = new Map<string, Entry>();
  let size = 0;
  let evicted = 0;

  function take(from: Map<string, Entry>, key: string): Entry | undefined {
    const entry = from.get(key);
    if (entry === undefined || !from.delete(key)) return undefined;
    size -= entry.size;
    return entry;
  }
  function put(into: Map<string, Entry>, key: string, entry: Entry): void {
    into.set(key, entry);
    size += entry.size;
  }
  function takeOldest(from: Map<string, Entry>): boolean {
    const [oldest] = from.keys();
    return oldest !== undefined && take(from, oldest) !== undefined;
  }
  function keepLimits(): void {
    while (ended.size > maxEnded) takeOldest(ended);
    while (open.size > max || size > maxSize) {
      if (open.size <= max && takeOldest(ended)) continue;
      if (!takeOldest(open)) return;
      evicted += 1;
    }
  }
  function entryOf(key: string, value: Value): Entry {
    return { value, size: JSON.stringify(key).length + JSON.stringify(value).length + overhead };
  }

  const table = tableSchema.safeParse(stored);
  if (table.success && table.data.version === version) {
    for (const [key, value] of table.data.ended) put(ended, key, entryOf(key, value));
    for (const [key, value] of table.data.open) put(open, key, entryOf(key, value));
    keepLimits();
  }

  return {
    get(key) {
      const entry = take(open, key);
      if (entry === undefined) return ended.get(key)?.value;
      put(open, key, entry);
      return entry.value;
    },
    set(key, value) {
      take(ended, key);
      take(open, key);
      put(open, key, entryOf(key, value));
      keepLimits();
    },
    end(key) {
      const entry = take(open, key);
      if (entry === undefined) return;
      put(ended, key, entry);
      keepLimits();
    },
    delete(key) {
      take(open, key);
      take(ended, key);
    },
    get size() {
      return open.size;
    },
    get evicted() {
      return evicted;
    },
    save() {
      const entries = (from: Map<string, Entry>) => [...from].map(([key, { value }]) => [key, value]);
      return { version, open: entries(open), ended: entries(ended) };
    },
  };
}

/** The sessions of a format that does not declare any. */
export const noSessions: Sessions = {
  get: undeclared,
  set: undeclared,
  end: undeclared,
  delete: undeclared,
  size: 0,
};

function undeclared(): never {
  throw new Error('Expected a format with "sessions", found one without: add "sessions: {}" to the format.');
}
