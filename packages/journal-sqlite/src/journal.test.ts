import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIncident, type Incident, type Journal, manifestSchema } from '@ihandler/core';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import journalSqlite from './index.ts';

function incident(ordinal: number): Incident {
  return createIncident({ id: `s:${ordinal}`, origin: 'acme.thing', timestamp: 1, sensor: 'a', data: {} });
}

function withCode(code: string, ...parts: readonly (string | RegExp)[]) {
  return expect.objectContaining({
    code,
    message: expect.toSatisfy((message: string) =>
      parts.every((part) => (typeof part === 'string' ? message.includes(part) : part.test(message))),
    ),
  });
}

describe('journalSqlite', () => {
  let folder: string;
  let file: string;
  const opened: Journal[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ihandler-journal-sqlite-'));
    file = join(folder, 'journal.sqlite');
  });
  afterEach(async () => {
    for (const journal of opened.splice(0)) await journal.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(path = file): Promise<Journal> {
    const journal = journalSqlite({ file: path });
    await journal.open();
    opened.push(journal);
    return journal;
  }

  /** The content of all files in the folder, to show that nothing was changed. */
  function contents(): ReadonlyMap<string, string> {
    return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')]));
  }

  it('does nothing before it is opened', () => {
    journalSqlite({ file });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('names all invalid options', () => {
    // Safe: a configuration file may contain anything.
    const wrong = { file: 7, now: 'noon', size: 1 } as unknown as Parameters<typeof journalSqlite>[0];
    expect(() => journalSqlite(wrong)).toThrow(
      withCode('OPTIONS_INVALID', 'file: expected the path of a file; found 7', 'now: ', 'size: '),
    );
    // Safe: as above.
    const nothing = undefined as unknown as Parameters<typeof journalSqlite>[0];
    expect(() => journalSqlite(nothing)).toThrow(withCode('OPTIONS_INVALID', 'file: '));
  });

  it('creates files that only its user and group may read', async () => {
    const journal = await open();
    await journal.append([incident(1)]);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o027).toBe(0);
    expect(statSync(file).mode & 0o777 & ~process.umask()).toBe(0o640 & ~process.umask());
  });

  it('leaves the journal, its empty lock file and its mark on close', async () => {
    const journal = await open();
    await journal.append([incident(1)]);
    await journal.close();
    expect(readdirSync(folder).toSorted()).toEqual([
      'journal.sqlite',
      'journal.sqlite.lock',
      'journal.sqlite.mark',
    ]);
  });

  it('can be opened again after close, but not twice at once', async () => {
    const journal = await open();
    await journal.append([incident(1)]);
    expect(() => journal.open()).toThrow(withCode('LIFE_CYCLE'));
    await journal.close();
    await journal.open();
    expect(journal.bounds()).toEqual({ before: 0, last: 1 });
  });

  it('refuses a second writer under any name of the file, with the PID of the first', async () => {
    await open();
    const link = join(folder, 'link.sqlite');
    symlinkSync(file, link);
    for (const path of [file, link, join(folder, '.', 'x', '..', 'journal.sqlite')])
      expect(() => journalSqlite({ file: path }).open()).toThrow(
        withCode('JOURNAL_BUSY', `process ${process.pid}`, file),
      );
  });

  it.each(['.lock', '.lock-journal', '.pid', '.mark', '-wal', '-shm', '-journal'])(
    'opens, and moves a folder in the place of %s aside',
    async (end) => {
      await (await open()).close();
      rmSync(`${file}${end}`, { force: true });
      mkdirSync(join(`${file}${end}`, 'inside'), { recursive: true });
      const journal = await open();
      await journal.append([incident(1)]);
      await journal.close();
      const aside = readdirSync(folder).filter((name) => name.includes(`${end}.folder-`));
      expect(aside.map((name) => readdirSync(join(folder, name)))).toEqual([['inside']]);
    },
  );

  it('keeps its lock after it has refused other writers', async () => {
    const journal = await open();
    for (let i = 0; i < 3; i += 1)
      expect(() => journalSqlite({ file }).open()).toThrow(withCode('JOURNAL_BUSY'));
    await journal.close();
    await open();
  });

  it('refuses a second writer even if the PID file is missing', async () => {
    await open();
    rmSync(`${file}.pid`);
    expect(() => journalSqlite({ file }).open()).toThrow(withCode('JOURNAL_BUSY', 'another process'));
  });

  it.each(['x', 'x'.repeat(5000), `SQLite format 3\0${'x'.repeat(5000)}`])(
    'empties a damaged lock file (%#), and still refuses a second writer',
    async (damage) => {
      const journal = await open();
      await journal.append([incident(1)]);
      await journal.close();
      writeFileSync(`${file}.lock`, damage);
      const again = await open();
      expect(again.damage).toBeUndefined();
      expect((await again.append([incident(2)])).before).toBe(1);
      writeFileSync(`${file}.lock`, damage);
      expect(() => journalSqlite({ file }).open()).toThrow(withCode('JOURNAL_BUSY'));
    },
  );

  it('can be read while it is written', async () => {
    const journal = await open();
    await journal.append([incident(1)]);
    const reader = new Database(file, { readonly: true });
    expect(reader.prepare('SELECT count(*) FROM entries').pluck().get()).toBe(1);
    reader.close();
  });

  it('rejects with SQLITE_BUSY while another program writes the file, and continues afterwards', async () => {
    const journal = await open();
    await journal.append([incident(1)]);
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    await expect(journal.append([incident(2)])).rejects.toThrow(
      expect.objectContaining({ code: 'SQLITE_BUSY' }),
    );
    expect(journal.bounds().last).toBe(1);
    other.close();
    expect((await journal.append([incident(2)])).before).toBe(1);
  });

  it('refuses a newer version, names both versions, and changes nothing', async () => {
    const journal = await open();
    await journal.append([incident(1)]);
    await journal.close();
    const db = new Database(file);
    db.exec('UPDATE ihandler_journal SET version = 7');
    db.close();
    const before = contents();
    expect(() => journalSqlite({ file }).open()).toThrow(
      withCode('JOURNAL_INVALID', 'version 7', 'version 3', file),
    );
    // SQLite may leave files that it needs for reading.
    for (const [name, content] of before) expect(readFileSync(join(folder, name), 'latin1')).toBe(content);
  });

  it('refuses another database, and changes nothing', () => {
    const db = new Database(file);
    db.exec('CREATE TABLE connections (connection INTEGER PRIMARY KEY)');
    db.close();
    const before = contents();
    expect(() => journalSqlite({ file }).open()).toThrow(withCode('JOURNAL_INVALID', file, 'another SQLite'));
    expect(contents()).toEqual(before);
  });

  it('refuses a file that is not a database, and changes nothing', () => {
    writeFileSync(file, '{"origin": "dionaea.connection.free"}\n'.repeat(100));
    const before = contents();
    expect(() => journalSqlite({ file }).open()).toThrow(withCode('JOURNAL_INVALID', file));
    expect(contents()).toEqual(before);
  });

  it('skips a damaged entry as if it were deleted', async () => {
    const journal = await open();
    await journal.append([1, 2, 3, 4].map(incident));
    await journal.close();
    const db = new Database(file);
    db.exec(`UPDATE entries SET body = '{"id":7}' WHERE position IN (1, 3)`);
    db.close();
    const again = await open();
    expect(await again.read(0, 9)).toEqual({ before: 1, incidents: [incident(2)] });
    expect(await again.read(2, 9)).toEqual({ before: 3, incidents: [incident(4)] });
  });

  it('does not replay a write-ahead log without its journal into a new one', async () => {
    writeFileSync(`${file}-wal`, 'x');
    expect(() => journalSqlite({ file }).open()).toThrow(withCode('JOURNAL_INVALID', `${file}-wal`));
    expect(existsSync(file)).toBe(false);
  });

  it('treats an empty file as a new journal and replaces a draft that a crash left', async () => {
    writeFileSync(file, '');
    writeFileSync(`${file}.new`, 'half a jour');
    writeFileSync(`${file}.new-journal`, 'x');
    const journal = await open();
    expect((await journal.append([incident(1)])).before).toBe(0);
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  it('explains a missing folder, a folder in place of the file, and a broken link', () => {
    const missing = join(folder, 'missing', 'journal.sqlite');
    expect(() => journalSqlite({ file: missing }).open()).toThrow(withCode('TARGET_UNREADABLE', missing));
    mkdirSync(join(folder, 'sub'));
    expect(() => journalSqlite({ file: join(folder, 'sub') }).open()).toThrow(withCode('JOURNAL_INVALID'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
    expect(() => journalSqlite({ file: join(folder, 'link') }).open()).toThrow(
      withCode('JOURNAL_INVALID', 'broken link'),
    );
  });

  it('stores the time when an incident was accepted', async () => {
    const journal = journalSqlite({ file, now: () => 1_700_000_000_123.9 });
    await journal.open();
    opened.push(journal);
    await journal.append([incident(1)]);
    const reader = new Database(file, { readonly: true });
    expect(reader.prepare('SELECT accepted_at FROM entries').pluck().get()).toBe(1_700_000_000_123);
    reader.close();
  });

  it('describes itself in its manifest', () => {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).ihandler;
    expect(Object.keys(manifestSchema.parse(manifest).journals)).toEqual(['sqlite']);
  });
});
