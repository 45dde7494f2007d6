import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { startHandler, temporaryFolder } from '../testing/start-handler.ts';

async function messageOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    expect(error).toMatchObject({ name: 'IhandlerError', code: 'TARGET_UNREADABLE' });
    return String(error);
  }
  throw new Error('expected a failure');
}

it('log-sqlite rejects a folder', async () => {
  const folder = temporaryFolder();
  expect(await messageOf(startHandler({ file: folder }))).toContain(`found the folder ${folder}`);
});

it('log-sqlite names a missing folder', async () => {
  const file = join(temporaryFolder(), 'no', 'such', 'attacks.sqlite');
  expect(await messageOf(startHandler({ file }))).toContain('no/such does not exist: create it');
});

it('log-sqlite rejects a file that is not a database, and leaves it unchanged', async () => {
  const file = join(temporaryFolder(), 'notes.txt');
  writeFileSync(file, 'x'.repeat(5000));
  expect(await messageOf(startHandler({ file }))).toContain(`${file} is not a SQLite database`);
  expect(readFileSync(file, 'utf8')).toBe('x'.repeat(5000));
});

it('log-sqlite rejects the database of another program, and leaves it unchanged', async () => {
  const file = join(temporaryFolder(), 'browser.sqlite');
  const other = new Database(file);
  other.exec('CREATE TABLE bookmarks (url)');
  other.close();
  const before = readFileSync(file);
  expect(await messageOf(startHandler({ file }))).toContain('"bookmarks"');
  expect(readFileSync(file).equals(before)).toBe(true);
});

it('log-sqlite rejects a database of a later version with both versions, and leaves it unchanged', async () => {
  const file = join(temporaryFolder(), 'attacks.sqlite');
  await (await startHandler({ file, journalMode: 'delete' })).close?.();
  const later = new Database(file);
  later.exec("UPDATE ihandler_meta SET value = 7 WHERE key = 'schema_version'");
  later.close();
  const before = readFileSync(file);
  expect(await messageOf(startHandler({ file }))).toMatch(
    /has version 7, .* versions up to 1: update @ihandler\/log-sqlite/,
  );
  expect(readFileSync(file).equals(before)).toBe(true);
});

it('log-sqlite creates its tables in an empty file, and in a database without tables', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'empty'), '');
  const bare = new Database(join(folder, 'bare'));
  bare.exec('CREATE TABLE t (a); DROP TABLE t');
  bare.close();
  for (const name of ['empty', 'bare'])
    expect((await startHandler({ file: join(folder, name) })).checkpoint?.()).toEqual({});
});

it('log-sqlite fails temporarily when the database is locked at the start', async () => {
  const file = join(temporaryFolder(), 'attacks.sqlite');
  await (await startHandler({ file, journalMode: 'delete' })).close?.();
  const other = new Database(file);
  other.exec('BEGIN EXCLUSIVE');
  await expect(startHandler({ file, journalMode: 'delete' })).rejects.toMatchObject({
    retryAfter: expect.any(Number),
    message: expect.stringContaining('locked'),
  });
  other.close();
});

it('log-sqlite rejects a path through a file', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'x'));
  expect(await messageOf(startHandler({ file: join(folder, 'file', 'attacks.sqlite') }))).toContain('file');
});
