import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { JournalDamage } from '@ihandler/core';
import { dataFolder } from '@ihandler/test-support/recordings';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { view } from '../read/view.ts';
import {
  createJournalFolder,
  idsOf,
  incidentAt,
  incidentsOf,
  type JournalFolder,
  until,
} from '../testing/journal-folder.ts';
import { check } from '../upkeep/check.ts';
import { quarantineOf } from './quarantine.ts';

describe('journal-sqlite with a damaged row', () => {
  let there: JournalFolder;
  beforeEach(() => {
    there = createJournalFolder();
  });
  afterEach(() => there.remove());

  function change(sql: string): void {
    const db = new Database(there.file);
    db.exec(sql);
    db.close();
  }

  it.each([
    ['the first', 1],
    ['one in the middle', 5],
    ['the last', 10],
  ])('moves %s entry to the quarantine file when it was changed while the journal was open', async (_, n) => {
    const told: JournalDamage[] = [];
    const journal = await there.open({ onDamage: (damage) => told.push(damage) });
    await journal.append(incidentsOf(1, 10, { text: 'login' }));
    change(`UPDATE entries SET body = replace(body, 'login', 'logjn') WHERE position = ${n}`);
    const others = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].filter((each) => each !== n).map((each) => `s:${each}`);
    expect(await idsOf(journal)).toEqual(others);
    await until(() => told.length > 0);
    expect(journal.damage).toEqual(told[0]);
    expect(told).toEqual([
      {
        setAside: quarantineOf(there.file),
        problem: expect.stringContaining(`position ${n}`),
        readable: 9,
        lost: 1,
      },
    ]);
    const [line = ''] = readFileSync(quarantineOf(there.file), 'utf8').split('\n');
    expect(JSON.parse(line)).toMatchObject({
      position: n,
      ordinal: n,
      text: expect.stringContaining('logjn'),
    });
    expect(check({ file: there.file }).problems).toEqual([]);
    // Its id is free again, for a source that still has the incident; its position is not.
    expect(await journal.append([incidentAt(n, { text: 'login' })])).toMatchObject({
      before: 10,
      incidents: [{}],
    });
    change(`UPDATE entries SET ordinal = 99 WHERE position = 11`);
    await idsOf(journal);
    await until(() => told.length > 1);
    await journal.close();
    const shown = view({ file: there.file });
    expect(shown.damages()).toMatchObject([{ setAside: quarantineOf(there.file), lost: 2 }]);
    shown.close();
    expect((await there.open()).damage).toBeUndefined();
  });

  it.each([
    ['entries', "body = replace(body, 's:3', 's:4') WHERE position = 3", 'the entry at position 3'],
    ['entries', "body = replace(body, 's:3', 's-3') WHERE position = 3", 'the entry at position 3'],
    ['entries', 'position = 77 WHERE position = 3', 'the entry at position 77'],
    ['entries', 'accepted_at = accepted_at + 1 WHERE position = 3', 'the entry at position 3'],
    ['streams', "name = 't' WHERE id = 1", 'the stream t'],
  ])('recovers all others at the next start when %s were changed (%s)', async (table, sql, problem) => {
    const journal = await there.open();
    await journal.append(incidentsOf(1, 10));
    await journal.close();
    change(`UPDATE ${table} SET ${sql}`);
    const again = await there.open();
    expect(again.damage?.problem).toBe(`${problem} does not match its checksum`);
    const whole = table === 'streams' ? 10 : 9;
    expect(again.damage).toMatchObject({ readable: whole });
    expect(await idsOf(again)).toHaveLength(whole);
    expect(check({ file: there.file }).problems).toEqual([]);
    expect((await again.append([incidentAt(3)])).incidents).toHaveLength(10 - whole);
  });

  it('starts with a broken id beside a destroyed page', async () => {
    const journal = await there.open();
    await journal.append(incidentsOf(1, 200, { text: 'x'.repeat(500) }));
    await journal.close();
    // Without checksums, as an earlier version has written it.
    change(
      "UPDATE entries SET sum = NULL; UPDATE entries SET body = replace(body, 's:3\"', 's.3\"') WHERE position = 3",
    );
    const bytes = readFileSync(there.file);
    const at = bytes.indexOf('s:150"');
    bytes.fill(0, at - (at % 4096), at - (at % 4096) + 4096);
    writeFileSync(there.file, bytes);
    const again = await there.open();
    expect(again.damage?.readable).toBeGreaterThan(180);
    const ids = await idsOf(again);
    expect(ids).toHaveLength(again.damage?.readable ?? 0);
    expect(ids).not.toContain('s:3');
  });

  it('migrates a journal without checksums, and adds them to what it writes', async () => {
    copyFileSync(dataFolder('first/journal.sqlite'), there.file);
    const journal = await there.open();
    const before = (await idsOf(journal)).length;
    await journal.append(incidentsOf(1, 2));
    await journal.close();
    const db = new Database(there.file, { readonly: true });
    expect(db.prepare('SELECT count(sum) FROM entries').pluck().get()).toBe(2);
    expect(db.prepare('SELECT length(name) FROM ihandler_journal').pluck().get()).toBe(16);
    db.close();
    expect(await idsOf(await there.open())).toHaveLength(before + 2);
    expect(check({ file: there.file }).problems).toEqual([]);
  });

  it('keeps the checksum of any text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), async (text, reason) => {
        const own = createJournalFolder();
        try {
          const journal = await own.open();
          const lone = `${text}\uD800`;
          await journal.append([incidentAt(1, { text: lone }, `s${text}`)], {
            source: lone,
            state: { text },
          });
          const letter = { position: 1, incident: incidentAt(1, { text: lone }), attempts: 1, at: 0.1 };
          await journal.commit({
            instance: lone,
            cursor: {
              first: 0,
              position: 1,
              counts: { delivered: 0, filtered: 0, dead: 1, dropped: 0, lost: 0 },
              written: { [lone]: 1 },
            },
            deadLetters: [{ ...letter, instance: lone, reason: `${reason}\uDC00` }],
            reports: [],
          });
          await journal.close();
          expect(check({ file: own.file }).problems).toEqual([]);
          const again = await own.open();
          expect(again.damage).toBeUndefined();
          expect(await again.deadLetters(lone)).toHaveLength(1);
        } finally {
          await own.remove();
        }
      }),
      { numRuns: 30 },
    );
  });
});
