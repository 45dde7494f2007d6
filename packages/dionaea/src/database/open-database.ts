import { setTimeout as wait } from 'node:timers/promises';
import { describeError, IhandlerError, type SourceContext } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import { unreadable } from '@ihandler/source-kit';
import type Sqlite from 'better-sqlite3';

/** An open database of better-sqlite3. */
export type Database = Sqlite.Database;

/** A prepared statement, whatever its parameters. */
export type Statement = Sqlite.Statement<unknown[]>;

/** How long one call may block the event loop while the database is locked, in milliseconds. */
const defaultBusyTimeout = 200;
/** How long to retry while the database is locked, in milliseconds. */
const patience = 30_000;
/** After how long a lock is reported, in milliseconds. */
const reportedAfter = 1000;
/** The pause between two attempts, in milliseconds. */
const defaultPause = 100;

/** Loads better-sqlite3, an optional peer dependency; throws `TARGET_UNREADABLE` when it is not installed. */
export async function loadDriver(): Promise<typeof Sqlite> {
  try {
    return (await import('better-sqlite3')).default;
  } catch (error) {
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      'Reading an SQLite database requires the package better-sqlite3, which cannot be loaded. Run: npm install better-sqlite3',
      { cause: error },
    );
  }
}

function isLocked(error: unknown): boolean {
  return (
    /^SQLITE_(BUSY|LOCKED)/.test(errorCode(error)) && !errorCode(error).startsWith('SQLITE_BUSY_RECOVERY')
  );
}

const explanations: readonly (readonly [prefix: string, problem: string, fix: string])[] = [
  ['SQLITE_NOTADB', 'this is not an SQLite database.', 'Check the path.'],
  [
    'SQLITE_CORRUPT',
    'this database is damaged.',
    'Recover a copy with "sqlite3 FILE .recover" and read that.',
  ],
  [
    'SQLITE_READONLY',
    'its writer stopped in the middle of a transaction.',
    'Start that program again, or copy the file with its -journal or -wal file to a folder that you may write to.',
  ],
  [
    'SQLITE_CANTOPEN',
    'SQLite cannot open it.',
    'Make sure that you may read the file and its folder (in WAL mode, also write there), or read a copy.',
  ],
  ['SQLITE_FULL', 'the disk for temporary files is full.', 'Free space, or set SQLITE_TMPDIR.'],
];

/** Explains an error of SQLite; returns other errors unchanged. */
export function explainDatabaseError(file: string, error: unknown): unknown {
  const code = errorCode(error);
  if (!code.startsWith('SQLITE_')) return error;
  const known = explanations.find(([prefix]) => code.startsWith(prefix));
  if (known !== undefined) return unreadable(file, known[1], known[2], error);
  return unreadable(file, `SQLite cannot read it: ${describeError(error)}.`, 'Read a copy of it.', error);
}

/** Runs a short read, and retries it for up to 30 seconds while another program has the database locked. */
export type RetryLocked = <T>(read: () => T) => Promise<T>;

/** Reports that a file is locked, when that lasts, and that it no longer is. */
function createLockReport(file: string, { now, log, problem }: LockContext) {
  const start = now();
  let isReported = false;
  return {
    locked() {
      if (isReported || now() < start + reportedAfter) return;
      isReported = true;
      log.warn('another program has locked the database: waiting', { file });
      problem?.(`${file} is locked by another program: waiting until it has finished`);
    },
    ended() {
      if (!isReported) return;
      log.info('the database is not locked any more', { file });
      problem?.(undefined);
    },
  };
}

type LockContext = Pick<SourceContext, 'now' | 'signal' | 'log' | 'problem'>;

/**
 * Makes a {@link RetryLocked} for one file, which also explains SQLite's errors. After a second it logs that it waits, and
 * tells the host. `pause` is the time between two attempts, in milliseconds.
 */
export function createRetryLocked(file: string, context: LockContext, pause = defaultPause): RetryLocked {
  return async (read) => {
    const deadline = context.now() + patience;
    let report: ReturnType<typeof createLockReport> | undefined;
    for (;;) {
      try {
        const result = read();
        report?.ended();
        return result;
      } catch (error) {
        if (!isLocked(error)) throw explainDatabaseError(file, error);
        report ??= createLockReport(file, context);
        report.locked();
        if (context.now() >= deadline)
          throw unreadable(
            file,
            'another program has locked this database for 30 seconds.',
            'Stop that program temporarily, or read a copy.',
            error,
          );
      }
      await wait(pause, undefined, { signal: context.signal });
    }
  };
}

/**
 * Opens a database read-only. It writes nothing to the database or, unless this is in WAL mode, beside it. `timeout` is how
 * long a read may block this program while the database is locked, in milliseconds.
 */
export async function openDatabase(
  path: string,
  retryLocked: RetryLocked,
  timeout = defaultBusyTimeout,
): Promise<Database> {
  const Driver = await loadDriver();
  return retryLocked(() => new Driver(path, { readonly: true, fileMustExist: true, timeout }));
}
