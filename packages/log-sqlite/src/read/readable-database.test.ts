import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stream } from '@ihandler/test-support/attacks';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { attacksIn, dionaeaDatabase, shape } from '../testing/read-attacks.ts';
import { startHandler, temporaryFolder } from '../testing/start-handler.ts';

it('the reader leaves a database with a write-ahead log unchanged, without files beside it', async () => {
  const file = join(temporaryFolder(), 'attacks.sqlite');
  const handler = await startHandler({ file });
  const { accept, checkpoint } = stream();
  handler.write([accept('a')], checkpoint());
  expect(shape(await attacksIn(file))).toBe('1');
  handler.write([accept('b')], checkpoint());
  await handler.close?.();
  const [bytes, { mtimeMs }] = [readFileSync(file), statSync(file)];
  expect(shape(await attacksIn(file))).toBe('1 2');
  expect(readFileSync(file).equals(bytes)).toBe(true);
  expect(statSync(file).mtimeMs).toBe(mtimeMs);
  expect(readdirSync(dirname(file))).toEqual(['attacks.sqlite']);
});

it('the reader opens a read-only copy with a hot rollback journal, and rolls it back in its own copy', async () => {
  const file = dionaeaDatabase();
  const writer = new Database(file);
  writer.pragma('journal_mode = DELETE');
  writer.pragma('cache_size = 1');
  writer.exec(
    "BEGIN; UPDATE connections SET connection_protocol = 'half', remote_hostname = hex(zeroblob(500))",
  );
  const copy = join(temporaryFolder(), 'copy.sqlite');
  for (const end of ['', '-journal']) {
    copyFileSync(file + end, copy + end);
    chmodSync(copy + end, 0o444);
  }
  writer.exec('ROLLBACK');
  writer.close();
  const before = readFileSync(copy);
  const protocols = (await attacksIn(copy)).map(({ row }) => row['connection_protocol']);
  expect(protocols.length).toBeGreaterThan(1);
  expect(protocols).not.toContain('half');
  expect(readFileSync(copy).equals(before)).toBe(true);
});

it('the reader reads a database whose last writer crashed', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'attacks.sqlite');
  const handler = await startHandler({ file });
  const { accept, checkpoint } = stream();
  handler.write([accept('a')], checkpoint());
  mkdirSync(join(folder, 'after'));
  const copy = join(folder, 'after', 'attacks.sqlite');
  for (const end of ['', '-wal']) copyFileSync(file + end, copy + end);
  expect(shape(await attacksIn(copy))).toBe('1');
  const writer = new Database(copy);
  onTestFinished(() => {
    writer.close();
  });
  expect(writer.pragma('quick_check', { simple: true })).toBe('ok');
});
