import { describeError, IhandlerError, isIhandlerError, type Journal, type JournalRun } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import { prepare } from './entries.ts';
import { openDatabase } from './open-database.ts';
import { checkOptions, type JournalSqliteOptions } from './options.ts';
import { type Ownership, takeOwnership } from './ownership.ts';
import { realFile } from './real-file.ts';
import { createStore, type Store } from './store.ts';

/** Everything that exists between `open` and `close`. */
interface Opened extends Store {
  readonly db: Database;
  readonly ownership: Ownership;
}

function openOwned(file: string, ownership: Ownership): Opened {
  const db = openDatabase(file);
  try {
    return { db, ownership, ...createStore(db) };
  } catch (error) {
    db.close();
    throw error;
  }
}

function openFile(path: string): Opened {
  try {
    const file = realFile(path);
    const ownership = takeOwnership(file);
    try {
      return openOwned(file, ownership);
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

  return {
    name: 'sqlite',
    durable: true,
    open() {
      if (opened !== undefined)
        throw new IhandlerError('LIFE_CYCLE', `The journal ${file} is open already: call close() first.`);
      opened = openFile(file);
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
    async append(incidents): Promise<JournalRun> {
      const { entries, group } = mustBeOpen();
      const prepared = incidents.map(prepare);
      return group.add(() => entries.insert(prepared, Math.trunc(now())));
    },
    read: (after, limit) => mustBeOpen().entries.read(after, limit),
    highest: (stream) => mustBeOpen().entries.highest(stream),
    cursor: (instance) => mustBeOpen().cursors.get(instance),
    async commit({ instance, cursor, deadLetters, reports }): Promise<JournalRun> {
      const { entries, cursors, deadLetters: letters, group } = mustBeOpen();
      const preparedLetters = deadLetters.map(({ incident, ...letter }) => ({
        ...letter,
        body: prepare(incident).body,
      }));
      const prepared = reports.map(prepare);
      return group.add(() => {
        cursors.set(instance, cursor);
        for (const letter of preparedLetters) letters.add(letter);
        return entries.insert(prepared, Math.trunc(now()));
      });
    },
    deadLetters: (instance, after = 0, limit = Number.POSITIVE_INFINITY) =>
      mustBeOpen().deadLetters.list(instance, after, limit),
    release() {
      // Entries stay: they are what a new handler is fed with.
    },
  };
}
