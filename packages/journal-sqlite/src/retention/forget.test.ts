import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from '@ihandler/test-support/recordings';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createJournalFolder,
  cursorAt,
  incidentAt,
  type JournalFolder,
  until,
} from '../testing/journal-folder.ts';
import { check } from '../upkeep/check.ts';

const ADDRESS = '198.51.100.77';
const fixture = dataFolder('first/journal.sqlite');
const isOf = (address: string) => (incident: { readonly data: object }) =>
  JSON.stringify(incident.data).includes(`"${address}"`);

describe('journal-sqlite forget', () => {
  let there: JournalFolder;
  beforeEach(() => {
    there = createJournalFolder();
  });
  afterEach(() => there.remove());

  it('leaves no byte of an address in any file, and everything else unchanged', async () => {
    const journal = await there.open();
    const all = Array.from({ length: 400 }, (_, i) =>
      incidentAt(i + 1, { host: i % 3 === 0 ? ADDRESS : '192.0.2.1', text: 'x'.repeat((i * 37) % 9000) }),
    );
    await journal.append(all);
    const letters = [1, 2, 4].map((position) => ({
      instance: 'one',
      position,
      incident: incidentAt(position, all[position - 1]?.data),
      reason: `the host ${position === 2 ? 'is well' : ADDRESS}`,
      attempts: 1,
      at: 0,
    }));
    await journal.commit({ instance: 'one', cursor: cursorAt(4, 3), deadLetters: letters, reports: [] });
    expect(there.filesWith(ADDRESS)).not.toEqual([]);

    expect(await journal.forget(isOf(ADDRESS))).toEqual({ entries: 134, deadLetters: 2 });
    expect(there.filesWith(ADDRESS)).toEqual([]);
    const { incidents } = await journal.read(0, 1000);
    expect(incidents.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    expect(incidents[0]).toEqual({ ...all[0], origin: 'ihandler.incident.forgotten', data: {} });
    expect(incidents[1]).toEqual(all[1]);
    expect((await journal.deadLetters('one')).map(({ position }) => position)).toEqual([2]);
    expect((await journal.cursor('one'))?.counts).toMatchObject({ dead: 1, dropped: 2 });
    expect((await journal.append([all[0] ?? incidentAt(1)])).incidents).toEqual([]);
    expect(await journal.forget(isOf(ADDRESS))).toEqual({ entries: 0, deadLetters: 0 });
    expect(check({ file: there.file }).problems).toEqual([]);
    await journal.close();
    expect(there.filesWith(ADDRESS)).toEqual([]);
  });

  it('reaches incidents that were deleted, moved or replaced before, in any order', {
    timeout: 60_000,
  }, async () => {
    const step = fc.record({
      count: fc.integer({ min: 1, max: 60 }),
      size: fc.constantFrom(0, 10, 300, 3000, 9000),
      release: fc.integer({ min: 0, max: 50 }),
      stream: fc.constantFrom('s', 't'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const own = createJournalFolder();
        try {
          const journal = await own.open({ keep: '0h' });
          let [ordinal, released] = [0, 0];
          for (const { count, size, release, stream } of steps) {
            const batch = Array.from({ length: count }, (_, i) =>
              incidentAt(ordinal + i, { host: ADDRESS, x: 'y'.repeat(i % 2 === 0 ? size : 5) }, stream),
            );
            ordinal += count;
            await journal.append(batch);
            released = Math.min(journal.bounds().last, released + release);
            journal.release(released);
            own.time += 1000;
            // Runs retention as its timer does after open.
            await journal.close();
            await journal.open();
            journal.release(released);
            await until(() => journal.bounds().before >= released);
          }
          await journal.forget(() => true);
          expect(own.filesWith(ADDRESS)).toEqual([]);
        } finally {
          await own.remove();
        }
      }),
      { numRuns: 15 },
    );
  });

  it('leaves no byte in a journal that version 1 created', async () => {
    copyFileSync(fixture, there.file);
    const journal = await there.open();
    const { incidents } = await journal.read(0, 1000);
    const host = /"remote":\{"host":"([^"]+)"/.exec(JSON.stringify(incidents))?.[1] ?? '';
    expect(there.filesWith(host)).toContain('journal.sqlite');
    const { entries } = await journal.forget((incident) => JSON.stringify(incident.data).includes(host));
    expect(entries).toBeGreaterThan(0);
    expect(there.filesWith(host)).toEqual([]);
  });

  it('lets the journal accept incidents meanwhile', async () => {
    const journal = await there.open();
    for (let n = 0; n < 6; n += 1)
      await journal.append(Array.from({ length: 500 }, (_, i) => incidentAt(n * 500 + i, { host: ADDRESS })));
    const forgetting = journal.forget(isOf(ADDRESS));
    await new Promise(setImmediate);
    expect((await journal.append([incidentAt(9999, { host: '192.0.2.1' })])).incidents).toHaveLength(1);
    expect(await forgetting).toEqual({ entries: 3000, deadLetters: 0 });
    expect((await journal.read(3000, 1)).incidents).toEqual([incidentAt(9999, { host: '192.0.2.1' })]);
  });

  it('rejects when a reader blocks the write-ahead log, which still contains the incidents', {
    timeout: 20_000,
  }, async () => {
    const journal = await there.open();
    await journal.append([incidentAt(1, { host: ADDRESS })]);
    const reader = new Database(join(there.folder, 'journal.sqlite'), { readonly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM entries').get();
    await expect(journal.forget(isOf(ADDRESS))).rejects.toMatchObject({
      message: expect.stringContaining('-wal'),
      retryAfter: expect.any(Number),
    });
    reader.close();
    await journal.forget(isOf(ADDRESS));
    expect(there.filesWith(ADDRESS)).toEqual([]);
  });
});
