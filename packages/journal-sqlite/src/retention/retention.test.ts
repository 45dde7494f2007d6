import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createJournalFolder,
  cursorAt,
  idsOf,
  incidentAt,
  incidentsOf,
  type JournalFolder,
  until,
} from '../testing/journal-folder.ts';

const DAY = 86_400_000;

function pagesOf(file: string, pragma: 'page_count' | 'freelist_count'): number {
  const db = new Database(file, { readonly: true });
  const pages = Number(db.pragma(pragma, { simple: true }));
  db.close();
  return pages;
}

describe('journal-sqlite retention', () => {
  let there: JournalFolder;
  beforeEach(() => {
    there = createJournalFolder();
  });
  afterEach(() => there.remove());

  it('deletes only entries that are old and released', async () => {
    const first = await there.open({ keep: '30d' });
    await first.append(incidentsOf(1, 500));
    there.time += 10 * DAY;
    await first.append(incidentsOf(501, 600));
    await first.close();

    there.time += 25 * DAY;
    const journal = await there.open({ keep: '30d' });
    journal.release(300);
    await until(() => journal.bounds().before === 300);
    // Unreleased entries stay, however old they are.
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(journal.bounds()).toEqual({ before: 300, last: 600 });
    await journal.close();

    await journal.open();
    journal.release(600);
    await until(() => journal.bounds().before === 500);
    expect(await idsOf(journal)).toEqual(incidentsOf(501, 600).map(({ id }) => id));
  });

  it('never reuses a position and knows all ids after all entries are deleted', async () => {
    const first = await there.open();
    await first.append([...incidentsOf(1, 9), incidentAt(4, {}, 't')]);
    await first.close();
    there.time += 40 * DAY;
    const journal = await there.open();
    journal.release(10);
    await until(() => journal.bounds().before === 10);
    for (let reopened = 0; reopened < 2; reopened += 1) {
      expect(journal.bounds()).toEqual({ before: 10, last: 10 });
      expect(await journal.highest('s')).toBe(9);
      expect(await journal.highest('t')).toBe(4);
      const known = [...incidentsOf(1, 9), incidentAt(3, {}, 't')];
      expect(await journal.append(known)).toEqual({ before: 10, incidents: [] });
      await journal.close();
      await journal.open();
    }
    expect((await journal.append([incidentAt(10)])).before).toBe(10);
  });

  it('accepts an ordinal below the highest while no entry at or above it is deleted', async () => {
    const journal = await there.open();
    await journal.append([incidentAt(5), incidentAt(9)]);
    expect((await journal.append([incidentAt(7)])).incidents).toHaveLength(1);
  });

  it('deletes the oldest entries, released or not, when the journal is too large, and returns the space', async () => {
    const journal = await there.open({ maxSize: '1MB' });
    await journal.commit({ instance: 'one', cursor: cursorAt(0), deadLetters: [], reports: [] });
    for (let n = 0; n < 40; n += 1)
      await journal.append(incidentsOf(n * 100 + 1, n * 100 + 100, { text: 'x'.repeat(900) }));
    await until(() => journal.bounds().before > 2500);
    await until(() => pagesOf(there.file, 'page_count') < 600);
    const { before, last } = journal.bounds();
    expect(last).toBe(4000);
    expect(await idsOf(journal)).toEqual(incidentsOf(before + 1, 4000).map(({ id }) => id));
    // Lanes find out by `before` what they have lost.
    expect((await journal.read(0, 1)).before).toBe(before);
    await journal.close();
    expect(statSync(there.file).size).toBeLessThan(2_400_000);
  });

  it('deletes no more than needed when the size is exceeded once', async () => {
    const journal = await there.open({ maxSize: '1MB' });
    for (let n = 0; n < 11; n += 1)
      await journal.append(incidentsOf(n * 100 + 1, n * 100 + 100, { text: 'x'.repeat(900) }));
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await journal.append([incidentAt(5000)]);
    await until(() => journal.bounds().before > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const live = (pagesOf(there.file, 'page_count') - pagesOf(there.file, 'freelist_count')) * 4096;
    expect(live).toBeLessThan(960_000);
    expect(live).toBeGreaterThan(750_000);
  });

  it('works in slices and yields to the event loop between them', async () => {
    const first = await there.open();
    for (let n = 0; n < 20; n += 1) await first.append(incidentsOf(n * 1000 + 1, n * 1000 + 1000));
    await first.close();
    there.time += 40 * DAY;
    const journal = await there.open();
    journal.release(20_000);
    const between = new Set<number>();
    await until(() => {
      const { before } = journal.bounds();
      if (before > 0 && before < 20_000) between.add(before);
      return before === 20_000;
    });
    expect(between.size).toBeGreaterThan(1);
  });

  it('finds the first entry of a time, even if the clock was set back', async () => {
    const journal = await there.open();
    const start = there.time;
    for (const [n, offset] of [0, 10, 20, 5, 7, 30, 12, 40].entries()) {
      there.time = start + offset;
      await journal.append([incidentAt(n + 1), incidentAt(n + 101)]);
    }
    const offsets = [0, 10, 20, 5, 7, 30, 12, 40].flatMap((offset) => [offset, offset]);
    for (const wanted of [-1, 0, 1, 5, 6, 10, 11, 20, 21, 30, 31, 40, 41]) {
      const index = offsets.findIndex((offset) => offset >= wanted);
      expect(await journal.positionBefore(start + wanted)).toBe(index === -1 ? 16 : index);
    }
    for (const [index, offset] of offsets.entries())
      expect(await journal.acceptedAt(index + 1)).toBe(start + offset);
    expect(await journal.acceptedAt(17)).toBeUndefined();
  });
});

describe('journal-sqlite with an instance that no longer runs', () => {
  let there: JournalFolder;
  beforeEach(() => {
    there = createJournalFolder();
  });
  afterEach(() => there.remove());

  const step = (instance: string) => ({ instance, cursor: cursorAt(0), deadLetters: [], reports: [] });

  it('keeps its cursor and dead letters for keepCursors, counted while others run', async () => {
    const journal = await there.open();
    await journal.append([incidentAt(1)]);
    const letter = { instance: 'gone', position: 1, incident: incidentAt(1), reason: '', attempts: 1, at: 0 };
    await journal.commit({ ...step('gone'), cursor: cursorAt(1, 1), deadLetters: [letter] });
    await journal.commit(step('stays'));
    await journal.commit(step('stays@replay'));
    // The machine was off for years.
    await journal.close();
    there.time += 2000 * DAY;
    await journal.open();
    expect(await journal.cursor('stays')).toBeDefined();
    await journal.close();
    await journal.open();
    expect(await journal.cursor('stays')).toBeDefined();
    expect(await journal.cursor('gone')).toBeUndefined();
    expect(await journal.deadLetters('gone')).toEqual([]);
    expect(await journal.cursor('stays@replay')).toBeUndefined();
  });

  it('counts a cursor as used from when it is read until the journal is closed', async () => {
    const journal = await there.open();
    await journal.commit(step('quiet'));
    await journal.close();
    await journal.open();
    expect(await journal.cursor('quiet')).toBeDefined();
    there.time += 200 * DAY;
    await journal.commit(step('busy'));
    await journal.close();
    await journal.open();
    expect(await journal.cursor('quiet')).toBeDefined();
  });
});
