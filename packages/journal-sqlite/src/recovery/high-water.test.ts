import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJournalFolder, cursorAt, incidentsOf, type JournalFolder } from '../testing/journal-folder.ts';
import { check } from '../upkeep/check.ts';

describe('the mark of journal-sqlite', () => {
  let there: JournalFolder;
  beforeEach(() => {
    there = createJournalFolder();
  });
  afterEach(() => there.remove());

  const markOf = (file: string) => JSON.parse(readFileSync(`${file}.mark`, 'utf8'));

  it('says within a second how far the journal is', async () => {
    const journal = await there.open();
    await journal.append(incidentsOf(1, 30));
    await journal.release(10);
    await expect
      .poll(() => markOf(there.file), { timeout: 5000 })
      .toMatchObject({ position: 30, released: 10 });
  });

  it('shows what an older copy of the journal has not', async () => {
    const journal = await there.open();
    await journal.append(incidentsOf(1, 10));
    await journal.close();
    copyFileSync(there.file, join(there.folder, 'copy'));
    const later = await there.open();
    await later.append(incidentsOf(11, 30));
    later.release(15);
    await later.close();
    copyFileSync(join(there.folder, 'copy'), there.file);
    const again = await there.open();
    expect(again.damage).toMatchObject({
      problem: expect.stringContaining('its newest 20 entries are gone'),
      readable: 10,
      lost: 15,
    });
    expect(again.bounds()).toEqual({ before: 0, last: 30 });
    expect((await again.append(incidentsOf(11, 11))).before).toBe(30);
    expect(check({ file: there.file }).problems).toEqual([]);
    await again.close();
    expect((await there.open()).damage).toBeUndefined();
  });

  it('shows what a damaged write-ahead log had', async () => {
    const journal = await there.open();
    await journal.append(incidentsOf(1, 10));
    const db = new Database(there.file);
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    await journal.append(incidentsOf(11, 40));
    await expect.poll(() => markOf(there.file).position, { timeout: 5000 }).toBe(40);
    const crashed = createJournalFolder();
    try {
      for (const rest of ['', '-wal', '.mark', '.lock', '.pid'])
        copyFileSync(there.file + rest, crashed.file + rest);
      const log = readFileSync(`${crashed.file}-wal`);
      log.fill(0, 100, 200);
      writeFileSync(`${crashed.file}-wal`, log);
      expect((await crashed.open()).damage).toMatchObject({ readable: 10, lost: 30 });
    } finally {
      await crashed.remove();
    }
  });

  it('shows that a journal was deleted before everything was handled, and else says nothing', async () => {
    const journal = await there.open();
    await journal.append(incidentsOf(1, 10));
    await journal.commit({ instance: 'one', cursor: cursorAt(4), deadLetters: [], reports: [] });
    journal.release(4);
    await journal.close();
    rmSync(there.file);
    const second = await there.open();
    expect(second.damage).toMatchObject({
      problem: expect.stringContaining('6 incidents'),
      readable: 0,
      lost: 6,
    });
    // Reports of handlers are named after positions: these are not used twice.
    expect((await second.append(incidentsOf(1, 2))).before).toBe(10);
    second.release(12);
    await second.close();
    rmSync(there.file);
    const third = await there.open();
    expect(third.damage).toBeUndefined();
    expect(third.bounds()).toEqual({ before: 12, last: 12 });
    expect(readdirSync(there.folder).filter((name) => name.includes('.missing-'))).toHaveLength(1);
  });

  it.each(['', '{', '[]', '{"journal":"x","position":-1,"released":0}'])(
    'is ignored when it holds %j',
    async (text) => {
      writeFileSync(`${there.file}.mark`, text);
      expect((await there.open()).damage).toBeUndefined();
    },
  );
});
