import Database from 'better-sqlite3';
import { assertDriver } from './assert-driver.ts';
import { createFile } from './file.ts';
import { LOCK_TIMEOUT } from './lock.ts';
import { explainOpening, type OpeningAdvice } from './sqlite-failure.ts';

/** Opens a database and runs `setUp` on it. Closes it again when that throws. */
export function openAndSetUp(
  file: string,
  options: Database.Options,
  setUp: (database: Database.Database) => void,
): Database.Database {
  assertDriver();
  const database = new Database(file, options);
  try {
    setUp(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** How a file is opened, and what belongs in it. */
export interface SqliteFileOptions extends OpeningAdvice {
  /** Only reads: creates nothing and leaves the file as it is. Default: false. */
  readonly readonly?: boolean;
  /** How many milliseconds a statement waits for a lock. Default: {@link LOCK_TIMEOUT}. */
  readonly timeout?: number;
  /** Throws unless the database is empty or has the expected tables. Runs before anything is changed. */
  check(database: Database.Database): void;
  /** Creates or migrates the tables, in one transaction that has the write lock. Not called when only reading. */
  migrate(database: Database.Database): void;
}

/**
 * Opens the database in `file`. Creates it with mode 0640 when it is missing: it names attackers, so other users do not
 * read it. Writes with a write-ahead log; a committed transaction survives a power cut. Throws `TARGET_UNREADABLE` with
 * what to do, or a temporary error such as a lock.
 */
export function openFile(file: string, options: SqliteFileOptions): Database.Database {
  const { readonly = false, timeout = LOCK_TIMEOUT, check, migrate } = options;
  try {
    if (!readonly) createFile(file);
    return openAndSetUp(file, { readonly, fileMustExist: true, timeout }, (database) => {
      check(database);
      if (readonly) return;
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
      database.transaction(migrate).immediate(database);
    });
  } catch (error) {
    throw explainOpening(error, file, options);
  }
}
