import { setTimeout as wait } from 'node:timers/promises';
import { describeError, IhandlerError, type SourceContext } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import type Sqlite from 'better-sqlite3';
import { unreadable } from '../unreadable.ts';

/** An open database of better-sqlite3. */
export type Database = Sqlite.Database;

/** A prepared statement, whatever its parameters. */
export type Statement = Sqlite.Statement<unknown[]>;

// How long one call may block the event loop while the database is locked; the rest of the 30 s is waited for outside.
const blockingWait = 200;
const patience = 30_000;
const usualPause = 100;

/** Loads better-sqlite3, which not everybody needs; throws `TARGET_UNREADABLE` when it is not installed. */
export async function loadDriver(): Promise<typeof Sqlite> {
  try {
    return (await import('better-sqlite3')).default;
  } catch (error) {
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      'Reading an SQLite database needs the package better-sqlite3, which cannot be loaded. Run: npm install better-sqlite3',
      { cause: error },
    );
  }
}

function isLocked(error: unknown): boolean {
  return (
    /^SQLITE_(BUSY|LOCKED)/.test(errorCode(error)) && !errorCode(error).startsWith('SQLITE_BUSY_RECOVERY')
  );
}

const explanations: readonly (readonly [prefix: string, found: string, todo: string])[] = [
  ['SQLITE_NOTADB', 'this is no SQLite database.', 'Check the path.'],
  [
    'SQLITE_CORRUPT',
    'this database is damaged.',
    'Recover a copy with "sqlite3 FILE .recover" and read that.',
  ],
  [
    'SQLITE_READONLY',
    'its writer left it in the middle of a transaction.',
    'Start that program again, or copy the file with its -journal or -wal file to a folder where you may write.',
  ],
  [
    'SQLITE_CANTOPEN',
    'SQLite cannot open it.',
    'See that you may read the file and its folder (in WAL mode, also write there), or read a copy.',
  ],
  ['SQLITE_FULL', 'there is no room for temporary files.', 'Make room, or set SQLITE_TMPDIR.'],
];

/** Turns what SQLite throws into words; anything else stays what it is. */
export function explainDatabaseError(file: string, error: unknown): unknown {
  const code = errorCode(error);
  if (!code.startsWith('SQLITE_')) return error;
  const known = explanations.find(([prefix]) => code.startsWith(prefix));
  if (known !== undefined) return unreadable(file, known[1], known[2], error);
  return unreadable(file, `SQLite cannot read it: ${describeError(error)}.`, 'Try a copy of it.', error);
}

/** Runs a short reading again while another program has the database locked, for 30 seconds at most. */
export type Patiently = <T>(read: () => T) => Promise<T>;

/**
 * Makes a {@link Patiently} for one file, which also puts SQLite's errors into words. `pause` is how many milliseconds it
 * waits before it tries again.
 */
export function createPatience(
  file: string,
  context: Pick<SourceContext, 'now' | 'signal'>,
  pause = usualPause,
): Patiently {
  return async (read) => {
    const deadline = context.now() + patience;
    for (;;) {
      try {
        return read();
      } catch (error) {
        if (!isLocked(error)) throw explainDatabaseError(file, error);
        if (context.now() >= deadline)
          throw unreadable(
            file,
            'another program has had this database locked for 30 seconds.',
            'Stop that program for a moment, or read a copy.',
            error,
          );
      }
      await wait(pause, undefined, { signal: context.signal });
    }
  };
}

/**
 * Opens a database for reading only; nothing is written into it or, unless it is in WAL mode, beside it. `timeout` is how
 * many milliseconds a reading blocks this program while the database is locked.
 */
export async function openDatabase(
  path: string,
  patiently: Patiently,
  timeout = blockingWait,
): Promise<Database> {
  const Driver = await loadDriver();
  return patiently(() => new Driver(path, { readonly: true, fileMustExist: true, timeout }));
}
