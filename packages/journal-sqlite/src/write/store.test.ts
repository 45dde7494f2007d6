import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIncident, failureKind } from '@ihandler/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJournal, openDatabase } from '../database/open-database.ts';
import { prepare } from './prepare.ts';
import { createStore } from './store.ts';

function prepared(ordinal: number, text = '') {
  return prepare([
    createIncident({ id: `s:${ordinal}`, origin: 'acme.thing', timestamp: 1, sensor: 'a', data: { text } }),
  ]);
}

describe('the store of journal-sqlite', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ihandler-store-'));
    createJournal(join(folder, 'j'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('syncs before a commit returns', () => {
    const db = openDatabase(join(folder, 'j'));
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('synchronous', { simple: true })).toBe(2);
    db.close();
  });

  it('rejects the whole group on a full disk, stores nothing of it, and continues when there is space', async () => {
    const db = openDatabase(join(folder, 'j'));
    const { entries, group } = createStore(db, () => {});
    await group.add(() => entries.insert(prepared(1), 0));
    const pages = db.pragma('page_count', { simple: true });
    db.pragma(`max_page_count = ${pages}`);
    const small = group.add(() => entries.insert(prepared(2), 0));
    const large = group.add(() => entries.insert(prepared(3, 'x'.repeat(100_000)), 0));
    const results = await Promise.allSettled([small, large]);
    for (const result of results) {
      expect(result.status).toBe('rejected');
      const { reason } = result as PromiseRejectedResult;
      expect(reason).toMatchObject({ code: 'JOURNAL_FULL', retryAfter: 1000 });
      expect(failureKind(reason)).toBe('temporary');
    }
    expect(entries.bounds()).toEqual({ before: 0, last: 1 });
    expect(entries.read(0, 10).incidents.map(({ id }) => id)).toEqual(['s:1']);
    db.pragma('max_page_count = 1000000');
    expect((await group.add(() => entries.insert(prepared(2), 0))).before).toBe(1);
    db.close();
  });

  it('counts an incident as known when retention has removed its entry, and lists what it cannot compare', async () => {
    const db = openDatabase(join(folder, 'j'));
    const { entries, group } = createStore(db, () => {});
    for (const n of [1, 2, 4]) await group.add(() => entries.insert(prepared(n), 0));
    await group.add(() => entries.removeUpTo(2));
    const append = (n: number, url?: string) =>
      group.add(() => entries.insert(prepared(n, url), 0, { rising: true }));
    const whys = [await append(1), await append(3), await append(4), await append(4, 'y')].map(
      ({ incidents, skipped }) => [incidents.length, skipped?.map(({ why, stored }) => [why, stored?.id])],
    );
    expect(whys).toEqual([
      [0, [['known', undefined]]],
      [0, [['behind', undefined]]],
      [0, []],
      [0, [['known', 's:4']]],
    ]);
    db.close();
  });

  it('forgets the streams of a failed group', async () => {
    const db = openDatabase(join(folder, 'j'));
    const { entries, group } = createStore(db, () => {});
    const failed = group.add(() => {
      entries.insert(prepared(1), 0);
      throw new Error('on purpose');
    });
    await expect(failed).rejects.toThrow('on purpose');
    await group.add(() => entries.insert(prepared(1), 0));
    expect(db.prepare('SELECT count(*) FROM entries JOIN streams ON streams.id = stream').pluck().get()).toBe(
      1,
    );
    expect(entries.highest('s')).toBe(1);
    db.close();
  });

  it('commits all work of a turn in one transaction', async () => {
    const db = openDatabase(join(folder, 'j'));
    const { entries, group } = createStore(db, () => {});
    const reader = openDatabase(join(folder, 'j'));
    const version = () => reader.pragma('data_version', { simple: true });
    const before = Number(version());
    await Promise.all([1, 2, 3].map((n) => group.add(() => entries.insert(prepared(n), 0))));
    expect(version()).toBe(before + 1);
    reader.close();
    db.close();
  });

  it('ends a read early when the incidents are large', async () => {
    const db = openDatabase(join(folder, 'j'));
    const { entries, group } = createStore(db, () => {});
    const large = 'x'.repeat(6_000_000);
    await group.add(() =>
      entries.insert(
        [1, 2, 3, 4].flatMap((n) => prepared(n, large)),
        0,
      ),
    );
    expect(entries.read(0, 10).incidents).toHaveLength(3);
    expect(entries.read(3, 10).incidents).toHaveLength(1);
    db.close();
  });
});
