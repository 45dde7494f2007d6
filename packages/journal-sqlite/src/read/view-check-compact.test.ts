import { copyFileSync, statSync, writeFileSync } from 'node:fs';
import { dataFolder } from '@ihandler/test-support/recordings';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createJournalFolder,
  cursorAt,
  idsOf,
  incidentAt,
  incidentsOf,
  type JournalFolder,
} from '../testing/journal-folder.ts';
import { check } from '../upkeep/check.ts';
import { compact } from '../upkeep/compact.ts';
import { view } from './view.ts';

const fixture = dataFolder('first/journal.sqlite');

let there: JournalFolder;
beforeEach(() => {
  there = createJournalFolder();
});
afterEach(() => there.remove());

/** Fills a journal with two instances, a dead letter and the state of a source. */
async function fill() {
  const journal = await there.open();
  await journal.append(incidentsOf(1, 9), {
    source: 'file',
    state: { offset: 7, seen: new Uint8Array([1]) },
  });
  there.time += 1000;
  await journal.append([incidentAt(10)]);
  const letter = { instance: 'one', position: 2, incident: incidentAt(2), reason: 'no', attempts: 3, at: 5 };
  await journal.commit({ instance: 'one', cursor: cursorAt(4, 1), deadLetters: [letter], reports: [] });
  await journal.commit({ instance: '"\ud800"', cursor: cursorAt(10), deadLetters: [], reports: [] });
  return { journal, letter };
}

describe('view of journal-sqlite', () => {
  it('shows a whole journal and its changes while a process writes it', async () => {
    const { journal, letter } = await fill();
    const shown = view({ file: there.file, maxSize: '1GB' });
    expect(shown.where).toBe(there.file);
    expect(shown.writer()).toBe(process.pid);
    expect(shown.bounds()).toEqual({ before: 0, last: 10 });
    expect(shown.acceptedAt(10)).toBe(there.time);
    expect(shown.cursors()).toEqual({
      one: { ...cursorAt(4, 1), usedAt: there.time },
      '"\ud800"': { ...cursorAt(10), usedAt: there.time },
    });
    expect(shown.deadLetters('one')).toEqual([letter]);
    expect(shown.deadLetters('one', 2)).toEqual([]);
    expect(shown.sources()).toEqual({
      file: { state: { offset: 7, seen: new Uint8Array([1]) }, at: there.time - 1000 },
    });
    expect(shown.size()).toEqual({
      bytes: statSync(there.file).size + statSync(`${there.file}-wal`).size,
      limit: 1e9,
    });
    expect(shown.acceptedSince(there.time)).toEqual({
      incidents: 1,
      bytes: JSON.stringify(incidentAt(10)).length,
    });
    expect(shown.acceptedSince(0).incidents).toBe(10);
    expect(shown.acceptedSince(there.time + 1)).toEqual({ incidents: 0, bytes: 0 });
    expect(shown.damages()).toEqual([]);
    await journal.append([incidentAt(11)]);
    expect(shown.bounds().last).toBe(11);
    shown.close();
    // The writer still owns the journal.
    expect(() => compact({ file: there.file })).toThrow(expect.objectContaining({ code: 'JOURNAL_BUSY' }));
  });

  it('shows no writer when the journal is closed or its process has died', async () => {
    const { journal } = await fill();
    await journal.close();
    const shown = view({ file: there.file });
    expect(shown.writer()).toBeUndefined();
    writeFileSync(`${there.file}.pid`, '1\n');
    expect(shown.writer()).toBeUndefined();
    shown.close();
  });

  it('explains a file that it cannot show, and changes nothing', () => {
    expect(() => view({ file: there.file })).toThrow(expect.objectContaining({ code: 'TARGET_UNREADABLE' }));
    writeFileSync(there.file, 'x'.repeat(8192));
    expect(() => view({ file: there.file })).toThrow(expect.objectContaining({ code: 'JOURNAL_INVALID' }));
    copyFileSync(fixture, there.file);
    expect(() => view({ file: there.file })).toThrow(/version 1, but this program reads version 3/);
    expect(() => check({ file: there.file })).toThrow(/version 1, but this program reads version 3/);
  });
});

describe('check of journal-sqlite', () => {
  it('finds no problem in a sound journal, even while it is written', async () => {
    const { journal } = await fill();
    expect(check({ file: there.file })).toEqual({ problems: [], entries: 10, instances: 2 });
    await journal.close();
    expect(check({ file: there.file }).problems).toEqual([]);
  });

  it.each([
    ["UPDATE entries SET body = '{}' WHERE position = 3", /position 3 is unreadable/],
    [
      "UPDATE entries SET body = replace(body, 's:3', 's:4') WHERE position = 3",
      /position 3 has another id than its incident/,
    ],
    ['DELETE FROM entries WHERE position BETWEEN 3 AND 5', /positions 3 to 5 are missing/],
    ["UPDATE cursors SET delivered = delivered - 1 WHERE instance = 'one'", /counts of one do not balance/],
    ['DELETE FROM dead_letters', /one has 0 dead letters, but its counts say 1/],
    ["UPDATE dead_letters SET body = 'x'", /dead letter of one at position 2 is unreadable/],
    ["DELETE FROM cursors WHERE instance = 'one'", /one has dead letters but no cursor/],
    [
      "UPDATE cursors SET position = 99, delivered = 98 WHERE instance = 'one'",
      /at position 99, but the newest entry is 10/,
    ],
    ["UPDATE sources SET state = '{'", /the state of source file is unreadable/],
  ])('finds the problem after %s', async (sql, problem) => {
    const { journal } = await fill();
    await journal.close();
    const db = new Database(there.file);
    db.exec(sql);
    db.close();
    const { problems } = check({ file: there.file });
    expect(problems.length).toBeLessThanOrEqual(2);
    expect(problems[0]).toMatch(problem);
  });
});

describe('compact of journal-sqlite', () => {
  it('returns free space and keeps all entries in place', async () => {
    const journal = await there.open();
    await journal.append(incidentsOf(1, 2000, { text: 'x'.repeat(1000) }));
    await journal.close();
    const db = new Database(there.file);
    db.exec("UPDATE entries SET body = replace(body, 'xxxxxxxxxx', ''), sum = NULL WHERE position > 10");
    db.close();
    const { before, after } = compact({ file: there.file });
    expect(before).toBeGreaterThan(2_000_000);
    expect(after).toBeLessThan(before / 3);
    expect(after).toBe(statSync(there.file).size);
    await journal.open();
    expect(await idsOf(journal)).toHaveLength(2000);
    expect(journal.bounds()).toEqual({ before: 0, last: 2000 });
  });

  it('refuses a damaged and a missing journal, and leaves no files behind', async () => {
    expect(() => compact({ file: there.file })).toThrow(expect.objectContaining({ code: 'JOURNAL_INVALID' }));
    expect(there.filesWith('')).toEqual([]);
    await (await there.open()).close();
    writeFileSync(there.file, 'x'.repeat(8192));
    expect(() => compact({ file: there.file })).toThrow(/damaged.*set/);
  });
});

describe('journal-sqlite with a journal of version 1', () => {
  beforeEach(() => copyFileSync(fixture, there.file));

  /** The results of the program of that version. */
  function before() {
    const db = new Database(there.file, { readonly: true });
    const rows = db.prepare('SELECT position, body, accepted_at FROM entries ORDER BY position').all();
    const cursors = db.prepare('SELECT * FROM cursors ORDER BY instance').all();
    const highest = db
      .prepare(
        'SELECT name, max(ordinal) AS highest FROM entries JOIN streams ON streams.id = stream GROUP BY name',
      )
      .all();
    const letters = db.prepare('SELECT * FROM dead_letters').all();
    db.close();
    // Safe: the columns are those of the statement.
    return { rows, cursors, letters, highest } as {
      rows: { position: number; body: string; accepted_at: number }[];
      cursors: { instance: string; position: number; written: string }[];
      letters: { instance: string; position: number }[];
      highest: { name: string; highest: number }[];
    };
  }

  it('migrates it on open and continues', async () => {
    const { rows, cursors, letters, highest } = before();
    expect(rows.length).toBe(248);
    expect(letters.length).toBe(5);
    for (let opened = 0; opened < 2; opened += 1) {
      const journal = await there.open();
      expect(journal.bounds()).toEqual({ before: 0, last: 248 });
      expect(await idsOf(journal)).toEqual(rows.map(({ body }) => JSON.parse(body).id));
      for (const { position, accepted_at: at } of rows) expect(await journal.acceptedAt(position)).toBe(at);
      for (const { name, highest: ordinal } of highest) expect(await journal.highest(name)).toBe(ordinal);
      for (const { instance, position, written } of cursors)
        expect(await journal.cursor(instance)).toMatchObject({ position, written: JSON.parse(written) });
      expect((await journal.deadLetters('picky')).map(({ position }) => position)).toEqual(
        letters.map(({ position }) => position),
      );
      const { incidents } = await journal.read(0, 248);
      expect((await journal.append(incidents)).incidents).toEqual([]);
      await journal.close();
      expect(check({ file: there.file }).problems).toEqual([]);
    }
    const journal = await there.open();
    expect((await journal.append([incidentAt(1)], { source: 'x', state: 1 })).before).toBe(248);
    expect(await journal.sourceState('x')).toBe(1);
  });

  it('leaves it unchanged when the migration fails', async () => {
    const db = new Database(there.file);
    db.exec('CREATE TABLE gaps (in_the_way INTEGER)');
    db.close();
    const old = before();
    await expect(there.open()).rejects.toMatchObject({ code: 'TARGET_UNREADABLE' });
    expect(before()).toEqual(old);
  });

  it('compacts it, so that it returns free space', async () => {
    await (await there.open()).close();
    compact({ file: there.file });
    const db = new Database(there.file, { readonly: true });
    expect(db.pragma('auto_vacuum', { simple: true })).toBe(2);
    db.close();
    expect(check({ file: there.file })).toEqual({ problems: [], entries: 248, instances: 2 });
  });
});
