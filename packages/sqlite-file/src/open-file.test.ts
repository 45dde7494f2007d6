import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assertKnownVersion, createFile, openFile, type SqliteFileOptions } from './index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ihandler-sqlite-file-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const options: SqliteFileOptions = {
  damaged: 'move it away',
  check: (database) =>
    assertKnownVersion(database.pragma('user_version', { simple: true }), 1, database.name, '@ihandler/x'),
  migrate: (database) => {
    database.exec('CREATE TABLE IF NOT EXISTS things (thing TEXT) STRICT; PRAGMA user_version = 1');
  },
};

/** The mode, and whether the file has a write-ahead log. */
function openedOnce(file: string): { readonly mode: number; readonly journal: unknown } {
  const database = openFile(file, options);
  const journal = database.pragma('journal_mode', { simple: true });
  database.close();
  return { mode: statSync(file).mode & 0o777, journal };
}

describe('openFile', () => {
  it('creates a missing file with mode 0640 and a write-ahead log, and opens it again', () => {
    const file = join(folder, 'new.sqlite');
    expect(openedOnce(file)).toEqual({ mode: 0o640 & ~process.umask(), journal: 'wal' });
    expect(openedOnce(file).journal).toBe('wal');
  });

  it('leaves a database of a later version as it was', () => {
    const file = join(folder, 'later.sqlite');
    const later = new Database(file);
    later.pragma('user_version = 2');
    later.close();
    expect(() => openFile(file, options)).toThrow(/version 2.*up to 1: update @ihandler\/x/);
    const after = new Database(file);
    expect(after.pragma('journal_mode', { simple: true })).toBe('delete');
    after.close();
  });

  it('rolls the tables back when creating them fails, and closes the file', () => {
    const file = join(folder, 'half.sqlite');
    const migrate = (database: Database.Database) => {
      database.exec('CREATE TABLE things (thing TEXT)');
      throw new Error('half way');
    };
    expect(() => openFile(file, { ...options, migrate })).toThrow('half way');
    const after = new Database(file);
    expect(after.prepare('SELECT count(*) FROM sqlite_master').pluck().get()).toBe(0);
    after.close();
  });

  it.each([
    ['another kind of file', 'text '.repeat(500), /is not a SQLite database .*: move it away\.$/],
    [
      'a damaged database',
      `SQLite format 3\0${'\x10\0\x01\x01\0@  '.padEnd(2000, '\xff')}`,
      /SQLite database.*: move it away\.$/,
    ],
  ])('says of %s what to do', (_, content, message) => {
    const file = join(folder, 'bad.sqlite');
    writeFileSync(file, content, 'latin1');
    expect(() => openFile(file, options)).toThrow(
      expect.objectContaining({ code: 'TARGET_UNREADABLE', message: expect.stringMatching(message) }),
    );
  });

  it('creates nothing when it only reads', () => {
    const file = join(folder, 'none.sqlite');
    expect(() => openFile(file, { ...options, readonly: true })).toThrow(/^Cannot open .*none\.sqlite/);
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('says that a folder is missing, or is in place of the file', () => {
    expect(() => openFile(join(folder, 'no', 'x.sqlite'), options)).toThrow(/folder .*no does not exist/);
    mkdirSync(join(folder, 'dir'));
    expect(() => openFile(join(folder, 'dir'), options)).toThrow(/^Cannot open .*dir/);
  });

  it('passes a lock on as it is, because it passes', () => {
    const file = join(folder, 'locked.sqlite');
    const other = new Database(file);
    other.exec('BEGIN EXCLUSIVE');
    expect(() => openFile(file, { ...options, timeout: 0 })).toThrow(
      expect.objectContaining({ code: 'SQLITE_BUSY' }),
    );
    other.close();
  });
});

it('createFile leaves an existing file as it is', () => {
  const file = join(folder, 'there');
  writeFileSync(file, 'x');
  chmodSync(file, 0o600);
  expect(createFile(file)).toBe(false);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(file).size).toBe(1);
});
