import { copyFileSync, renameSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { databaseWorld } from '../testing/database-world.ts';
import { createDatabaseWriter } from '../testing/database-writer.ts';

const trim = ({ db }: ReturnType<typeof createDatabaseWriter>, upTo: number) =>
  db.exec(
    `DELETE FROM connections WHERE connection <= ${upTo}; DELETE FROM offers WHERE connection <= ${upTo}; VACUUM`,
  );

describe('a database that is imported and followed, in any order', () => {
  it('is stored once when its first rows were deleted after it was followed', async () => {
    const { file, twice, warnings, ...there } = databaseWorld();
    const writer = createDatabaseWriter(file);
    for (let n = 0; n < 6; n += 1) writer.offer(writer.connect());
    expect(await there.follow()).toBe(12);
    trim(writer, 3);
    expect(await there.import()).toBe(0);
    writer.connect();
    expect(await there.import()).toBe(1);
    expect(await there.follow()).toBe(0);
    writer.db.close();
    expect([twice(), warnings]).toEqual([[], []]);
  });

  it('is stored once when its first rows were deleted after it was imported', async () => {
    const { file, twice, ...there } = databaseWorld();
    const writer = createDatabaseWriter(file);
    for (let n = 0; n < 6; n += 1) writer.offer(writer.connect());
    expect(await there.import()).toBe(12);
    trim(writer, 3);
    writer.connect();
    expect(await there.follow()).toBe(1);
    trim(writer, 5);
    expect(await there.import()).toBe(0);
    writer.db.close();
    expect(twice()).toEqual([]);
  });

  it('is stored once when an archive of an earlier database is trimmed and imported', async () => {
    const { file, beside, twice, ...there } = databaseWorld();
    const old = createDatabaseWriter(file);
    for (let n = 0; n < 8; n += 1) old.offer(old.connect());
    await there.follow();
    old.db.close();
    renameSync(file, beside('old.sqlite'));
    const young = createDatabaseWriter(file);
    for (let n = 0; n < 30; n += 1) young.connect();
    young.db.exec("UPDATE connections SET remote_host = '203.0.113.9'");
    await there.follow();
    young.db.close();
    const archive = createDatabaseWriter(beside('old.sqlite'));
    trim(archive, 4);
    archive.db.close();
    expect(await there.import(beside('old.sqlite'))).toBe(0);
    expect(await there.import()).toBe(0);
    expect(twice()).toEqual([]);
  });

  it.each(['import', 'follow'] as const)(
    'is stored once by %s first when the newest rows of a table were deleted, whose ids are used again',
    async (first) => {
      const { file, host, warnings, twice, stored, ...there } = databaseWorld();
      const writer = createDatabaseWriter(file);
      for (let n = 0; n < 30; n += 1) writer.offer(writer.connect());
      await there.import();
      await there.follow();
      writer.db.exec('DELETE FROM offers WHERE offer > 26');
      const [, ...rest] = first === 'import' ? ['', 'follow' as const] : ['', 'import' as const];
      for (let n = 0; n < 6; n += 1) writer.offer(writer.connect());
      expect(await there[first]()).toBe(12);
      for (const next of rest) expect(await there[next]()).toBe(0);
      writer.db.exec('DELETE FROM offers');
      for (const next of [first, ...rest]) expect(await there[next]()).toBe(0);
      writer.offer(1);
      for (const next of ['import', 'follow', 'import'] as const) await there[next]();
      writer.db.close();
      expect(stored()).toBe(73);
      expect([...warnings, ...host.messages]).toContainEqual(
        expect.stringContaining('the newest rows of the table offers were deleted'),
      );
    },
  );

  it('is stored once while a copy and the database have different newest rows', async () => {
    const { file, beside, stored, ...there } = databaseWorld();
    const writer = createDatabaseWriter(file);
    for (let n = 0; n < 5; n += 1) writer.offer(writer.connect());
    await there.import();
    copyFileSync(file, beside('copy.sqlite'));
    writer.db.exec('DELETE FROM offers WHERE offer > 3');
    writer.offer(1);
    for (const path of [file, beside('copy.sqlite'), file, beside('copy.sqlite')]) await there.import(path);
    writer.offer(2);
    for (const path of [file, beside('copy.sqlite'), file]) await there.import(path);
    writer.db.close();
    expect(stored()).toBe(12);
  });

  it('is stored once after any changes of the database, imports of it and of copies in between', async () => {
    const action = fc.constantFrom(
      'connect',
      'offer',
      'trim',
      'drop',
      'import',
      'follow',
      'copy',
      'import the copy',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 4, maxLength: 20 }), async (actions) => {
        const { file, beside, twice, stored, ...there } = databaseWorld();
        const writer = createDatabaseWriter(file);
        let last = writer.connect();
        writer.offer(last);
        let lastOffer = last;
        let all = 2;
        let hasCopy = false;
        await there.import();
        for (const step of actions) {
          if (step === 'connect' || step === 'offer') {
            last = writer.connect();
            all += 1;
            if (step === 'connect') continue;
            writer.offer(last);
            lastOffer = last;
            all += 1;
          } else if (step === 'import') await there.import();
          else if (step === 'follow') await there.follow();
          else if (step === 'copy') {
            copyFileSync(file, beside('copy.sqlite'));
            hasCopy = true;
          } else if (step === 'drop') {
            await there.import();
            writer.db.exec('DELETE FROM offers WHERE offer > (SELECT max(offer) - 2 FROM offers)');
          } else if (step === 'trim') {
            // What was never read is lost with its rows.
            await there.import();
            // SQLite uses the ids of deleted rows again only when they were the newest of their table.
            trim(writer, lastOffer - 1);
          } else if (hasCopy) await there.import(beside('copy.sqlite'));
        }
        await there.import();
        await there.follow();
        writer.db.close();
        expect(twice()).toEqual([]);
        expect(stored()).toBe(all);
      }),
      { numRuns: Number(process.env['FOLLOW_RUNS'] ?? 12), endOnFailure: true },
    );
  }, 120_000);
});
