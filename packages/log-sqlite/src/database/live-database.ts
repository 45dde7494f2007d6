import { renameSync, rmSync, truncateSync } from 'node:fs';
import { type HandlerContext, temporary } from '@ihandler/core';
import { statusOf, unreadable, utcStamp } from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';
import type { Settings } from '../options.ts';
import { type AttackStore, createAttackStore } from '../write/attack-store.ts';
import { type Contents, openDatabase } from './open-database.ts';
import { type FileIdentity, type FileState, fileState, identityOf, isWhole } from './target-file.ts';

/** An open database with its prepared statements. */
export interface OpenDatabase {
  readonly database: Database;
  readonly store: AttackStore;
}

/** The database at a path. Copes with a file that is moved, replaced or truncated. */
export interface LiveDatabase {
  /**
   * The open database. Checks first that the path still leads to it; otherwise logs a warning and opens the file that is
   * there now, or creates one.
   */
  current(): OpenDatabase;
  /** Records the size of the file after a write of our own. */
  settle(): void;
  close(): void;
}

/** The error for a database of dionaea, which is changed only with the operator's consent. */
function notAdopted(file: string): Error {
  return unreadable(
    `dionaea wrote ${file}. To read it, you do not need a handler (ihandler tree ${file}). To write to it, set "adopt: true", which makes a backup first; or name another file.`,
  );
}

const warnings: Readonly<Record<Exclude<FileState, 'unchanged'>, string>> = {
  missing: 'database file is missing: creating a new one',
  replaced: 'database file was replaced: using the new one',
  shrunk: 'database file was truncated by another program',
};

/**
 * Keeps a database open across log rotation: the file may be moved away together with its content, replaced or emptied, and
 * the handler continues.
 */
export function createLiveDatabase(
  settings: Settings,
  { durable, log, now }: Pick<HandlerContext, 'durable' | 'log' | 'now'>,
): LiveDatabase {
  const { file } = settings;
  let opened: OpenDatabase | undefined;
  let identity: FileIdentity | undefined;

  function open(): OpenDatabase {
    const { database, contents }: { database: Database; contents: Contents } = openDatabase(
      settings,
      durable,
    );
    try {
      if (contents === 'dionaea') throw notAdopted(file);
      const store = createAttackStore(database);
      identity = identityOf(file);
      opened = { database, store };
      return opened;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  function close(): void {
    const closing = opened;
    opened = undefined;
    closing?.database.close();
  }

  /** Renames a truncated file. Closing the database wrote pages to it that are useless without the rest. */
  function setAside(wasEmpty: boolean): void {
    for (const beside of ['-wal', '-shm']) rmSync(file + beside, { force: true });
    if (wasEmpty) {
      truncateSync(file);
      return;
    }
    const aside = `${file}.damaged-${utcStamp(now())}`;
    renameSync(file, aside);
    log.warn('moved the rest of the truncated database', { file: aside });
  }

  /**
   * Writes the write-ahead log back to the file, wherever it is now, and empties the log. SQLite does not do that for a
   * moved file, and the log would then apply to the new file with the old name.
   */
  function finish({ database }: OpenDatabase): void {
    // One row, in this form (https://sqlite.org/pragma.html#pragma_wal_checkpoint).
    const [result] = database.pragma('wal_checkpoint(TRUNCATE)') as readonly { readonly busy: number }[];
    if (result?.busy === 1)
      throw temporary(
        `${file} was moved while another program reads it: waiting until that program closes it`,
      );
  }

  function reopen(leaving: OpenDatabase, state: Exclude<FileState, 'unchanged'>, size: number): OpenDatabase {
    if (state !== 'shrunk') finish(leaving);
    // isWhole opens and closes the file, which releases our locks on it: the connection is closed next anyway.
    const isStillWhole = state === 'shrunk' && isWhole(file, size);
    close();
    if (!isStillWhole) {
      if (state === 'shrunk') setAside(size === 0);
      log.warn(warnings[state], { file });
    }
    return open();
  }

  return {
    current() {
      if (opened === undefined || identity === undefined) return open();
      const found = identityOf(file);
      const state = fileState(identity, found);
      return state === 'unchanged' ? opened : reopen(opened, state, found?.size ?? 0);
    },
    settle() {
      const size = statusOf(file)?.size;
      if (identity !== undefined && size !== undefined) identity = { ...identity, size };
    },
    close() {
      try {
        if (
          opened !== undefined &&
          identity !== undefined &&
          fileState(identity, identityOf(file)) !== 'shrunk'
        )
          opened.database.pragma('wal_checkpoint(TRUNCATE)');
      } finally {
        close();
      }
    },
  };
}
