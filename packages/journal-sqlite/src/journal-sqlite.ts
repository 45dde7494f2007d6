import {
  describeError,
  encodeValue,
  IhandlerError,
  isIhandlerError,
  type Journal,
  type JournalRun,
} from '@ihandler/core';
import { forget } from './forget.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './open-database.ts';
import { checkOptions, type JournalSqliteOptions } from './options.ts';
import { type Ownership, takeOwnership } from './ownership.ts';
import { prepare } from './prepare.ts';
import { realFile } from './real-file.ts';
import { createStore, type Store } from './store.ts';

/** Everything that exists between `open` and `close`. */
interface Opened extends Store {
  readonly ownership: Ownership;
}

function openOwned(file: string, ownership: Ownership, now: number): Opened {
  const db = openDatabase(file);
  try {
    migrate(db, now);
    return { ownership, ...createStore(db) };
  } catch (error) {
    db.close();
    throw error;
  }
}

function openFile(path: string, now: number): Opened {
  try {
    const file = realFile(path);
    const ownership = takeOwnership(file);
    try {
      return openOwned(file, ownership, now);
    } catch (error) {
      ownership.release(true);
      throw error;
    }
  } catch (error) {
    if (isIhandlerError(error)) throw error;
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `Cannot open the journal ${path}: expected a file in a folder that exists and that this user may write; found: ${describeError(error)}.`,
      { cause: error },
    );
  }
}

/**
 * A journal in a SQLite file. What was appended survives a crash of the process and of the machine; calls of the same turn
 * share one fsync. An error of the disk (`SQLITE_FULL`, `SQLITE_IOERR…`) rejects the calls that it concerns, of which
 * nothing remains, and the journal can be used on. Entries are kept for ever. `open` throws `JOURNAL_BUSY` when a process
 * has it open (this one included), and `JOURNAL_INVALID`, having changed nothing, for a newer version and for what is no
 * journal. Throws `OPTIONS_INVALID`.
 */
export function journalSqlite(options: JournalSqliteOptions): Journal {
  const { file, now = Date.now } = checkOptions(options);
  let opened: Opened | undefined;
  let lastBounds = { before: 0, last: 0 };

  function mustBeOpen(): Opened {
    if (opened === undefined)
      throw new IhandlerError('LIFE_CYCLE', `The journal ${file} is not open: call open() first.`);
    return opened;
  }

  function reads<T>(work: (store: Store) => T): T {
    const store = mustBeOpen();
    return store.access.read(() => work(store));
  }

  return {
    name: 'sqlite',
    durable: true,
    open() {
      if (opened !== undefined)
        throw new IhandlerError('LIFE_CYCLE', `The journal ${file} is open already: call close() first.`);
      opened = openFile(file, now());
    },
    close() {
      if (opened === undefined) return;
      const { db, entries, group, ownership } = opened;
      opened = undefined;
      group.flush();
      lastBounds = entries.bounds();
      try {
        db.close();
      } finally {
        ownership.release();
      }
    },
    bounds: () => opened?.entries.bounds() ?? lastBounds,
    async append(incidents, mark): Promise<JournalRun> {
      const { entries, sources, group } = mustBeOpen();
      const prepared = incidents.map(prepare);
      const state = mark && encodeValue(mark.state);
      return group.add(() => {
        const at = Math.trunc(now());
        if (mark !== undefined && state !== undefined) sources.set(mark.source, state, at);
        return entries.insert(prepared, at);
      });
    },
    sourceState: (source) => reads(({ sources }) => sources.get(source)),
    read: (after, limit) => reads(({ entries }) => entries.read(after, limit)),
    highest: (stream) => reads(({ entries }) => entries.highest(stream)),
    cursor: (instance) => reads(({ cursors }) => cursors.get(instance)),
    async commit({ instance, cursor, deadLetters, settled = [], reports }): Promise<JournalRun> {
      const { entries, cursors, deadLetters: letters, group } = mustBeOpen();
      const preparedLetters = deadLetters.map(({ incident, ...letter }) => ({
        ...letter,
        body: prepare(incident).body,
      }));
      const prepared = reports.map(prepare);
      return group.add(() => {
        const at = Math.trunc(now());
        cursors.set(instance, cursor, at);
        for (const position of settled) letters.remove(instance, position);
        for (const letter of preparedLetters) letters.add(letter);
        return entries.insert(prepared, at);
      });
    },
    deadLetters: (instance, after, limit) =>
      reads(({ deadLetters }) => deadLetters.list(instance, after, limit)),
    release() {
      // Entries stay: they are what a new handler is fed with.
    },
    acceptedAt: (position) => reads(({ acceptance }) => acceptance.acceptedAt(position)),
    positionBefore: (time) =>
      reads(({ acceptance, entries }) => acceptance.positionBefore(time) ?? entries.bounds().last),
    async forget(matches) {
      return forget(mustBeOpen(), matches);
    },
  };
}
