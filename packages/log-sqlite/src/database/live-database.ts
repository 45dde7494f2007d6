import { renameSync, rmSync, truncateSync } from 'node:fs';
import { type HandlerContext, temporary } from '@ihandler/core';
import { statusOf, unreadable } from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';
import type { Settings } from '../options.ts';
import { type AttackStore, createAttackStore } from '../write/attack-store.ts';
import { type Contents, openDatabase } from './open-database.ts';
import { type FileIdentity, type FileState, fileState, identityOf, isWhole } from './target-file.ts';
import { utcStamp } from './utc-stamp.ts';

/** A database that is open, with its prepared statements. */
export interface OpenDatabase {
  readonly database: Database;
  readonly store: AttackStore;
}

/** The database at a path, whatever happens to the file there. */
export interface LiveDatabase {
  /**
   * The open database. Notices first whether the path still leads to it, and opens what is there now (made anew when
   * nothing is) with one warning.
   */
  current(): OpenDatabase;
  /** Remembers how long the file is now that we have written it ourselves. */
  settle(): void;
  close(): void;
}

/** What dionaea wrote is only written into when the operator says so. */
function notAdopted(file: string): Error {
  return unreadable(
    `${file} was written by dionaea. To read it, no handler is needed (ihandler tree ${file}). To write into it, set "adopt: true": a backup is made first; or name another file.`,
  );
}

const what: Readonly<Record<Exclude<FileState, 'unchanged'>, string>> = {
  missing: 'is gone; a new one is made',
  replaced: 'is another file than before; that one is used from now on',
  shrunk: 'was cut short by somebody else',
};

/**
 * Holds a database open. Log rotation may move the file away (what was written goes with it), put another in its place,
 * or empty it: none of them ends the handler.
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

  /** Puts aside what somebody cut short. Closing has put pages into it that are of no use without the rest. */
  function clearAway(wasEmpty: boolean): void {
    for (const beside of ['-wal', '-shm']) rmSync(file + beside, { force: true });
    if (wasEmpty) {
      truncateSync(file);
      return;
    }
    const aside = `${file}.damaged-${utcStamp(now())}`;
    renameSync(file, aside);
    log.warn('What was left of the database is put aside', { file: aside });
  }

  /**
   * Writes the write-ahead log back into the file, wherever it is now, and empties it: SQLite does not when the file was
   * moved, and the log would then be taken for that of the file that has its place.
   */
  function takeLeave({ database }: OpenDatabase): void {
    // One row, in this form (https://sqlite.org/pragma.html#pragma_wal_checkpoint).
    const [result] = database.pragma('wal_checkpoint(TRUNCATE)') as readonly { readonly busy: number }[];
    if (result?.busy === 1)
      throw temporary(
        `${file} was moved away while another program reads it: it is finished when that one is`,
      );
  }

  function reopen(leaving: OpenDatabase, state: Exclude<FileState, 'unchanged'>, size: number): OpenDatabase {
    if (state !== 'shrunk') takeLeave(leaving);
    // Nothing of ours has the file open after this but the connection, which is closed next.
    const harmlesslyShrunk = state === 'shrunk' && isWhole(file, size);
    close();
    if (!harmlesslyShrunk) {
      if (state === 'shrunk') clearAway(size === 0);
      log.warn(`The database ${what[state]}`, { file });
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
