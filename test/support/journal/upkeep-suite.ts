import { createIncident, type Incident, type Journal } from '@ihandler/core';
import { afterEach, describe, expect, it } from 'vitest';
import {
  cursorAt,
  forgottenOf,
  incidentOf,
  type JournalUnderTest,
  letterAt,
  range,
  readAll,
} from './journal-samples.ts';

/** The contract of every journal for a program that runs for months. `create` returns a new, empty one with a clock each time. */
export function describeUpkeep(name: string, create: (now: () => number) => Promise<JournalUnderTest>): void {
  const opened = new Set<Journal>();
  let time = 1_700_000_000_000;
  afterEach(async () => {
    for (const journal of opened) await journal.close();
    opened.clear();
  });

  async function opens(): Promise<Journal> {
    const { journal } = await create(() => time);
    await journal.open();
    opened.add(journal);
    return journal;
  }

  const isSecond = ({ id, origin }: Incident) => id.endsWith('2') && origin === 'acme.thing.seen';

  describe(`${name}, in use for months`, () => {
    it('keeps the latest state of each source together with its incidents', async () => {
      const journal = await opens();
      expect(await journal.sourceState('file')).toBeUndefined();
      const state = { offset: 7, list: [-0, null, { $bytes: 'x' }], bytes: new Uint8Array([0, 255]) };
      await journal.append([incidentOf('s', 1)], { source: 'file', state: 1 });
      await journal.append([incidentOf('s', 2)], { source: 'file', state });
      await journal.append([incidentOf('s', 2)], { source: '__proto__', state: null });
      await journal.append([], { source: '\ud800', state: 'nothing new' });
      expect(await journal.sourceState('file')).toEqual(state);
      expect(await journal.sourceState('__proto__')).toBeNull();
      expect(await journal.sourceState('\ud800')).toBe('nothing new');
      expect(await journal.sourceState('constructor')).toBeUndefined();
      expect(journal.bounds().last).toBe(2);
    });

    it('keeps no state of a source when its incidents are rejected', async () => {
      const journal = await opens();
      const bad: Incident = { ...incidentOf('s', 2), id: 'no id' };
      await expect(async () => journal.append([bad], { source: 'file', state: 1 })).rejects.toThrow();
      expect(await journal.sourceState('file')).toBeUndefined();
    });

    it('deletes settled dead letters in the same step', async () => {
      const journal = await opens();
      const incidents = range(1, 4).map((n) => incidentOf('s', n));
      await journal.append(incidents);
      const letters = incidents.map((incident, i) => letterAt('one', i + 1, incident));
      const step = { instance: 'one', cursor: cursorAt(4), reports: [] };
      await journal.commit({ ...step, deadLetters: letters });
      const other = incidents.slice(0, 2).map((incident, i) => letterAt('two', i + 1, incident));
      await journal.commit({ ...step, instance: 'two', deadLetters: other });
      const replaced = { ...letterAt('one', 2, incidentOf('s', 2)), attempts: 9 };
      await journal.commit({ ...step, deadLetters: [replaced], settled: [1, 2, 4, 77] });
      expect(await journal.deadLetters('one')).toEqual([replaced, letters[2]]);
      expect(await journal.deadLetters('two')).toEqual(other);
    });

    it('returns when an entry was accepted, and which entries were accepted since a time', async () => {
      const journal = await opens();
      const start = time;
      expect(await journal.positionBefore(0)).toBe(0);
      for (const n of range(1, 5)) {
        time = start + n * 100;
        await journal.append([incidentOf('s', 2 * n), incidentOf('s', 2 * n + 1)]);
      }
      expect(await journal.acceptedAt(1)).toBe(start + 100);
      expect(await journal.acceptedAt(10)).toBe(start + 500);
      expect(await journal.acceptedAt(0)).toBeUndefined();
      expect(await journal.acceptedAt(11)).toBeUndefined();
      expect(await journal.positionBefore(0)).toBe(0);
      expect(await journal.positionBefore(start + 100)).toBe(0);
      expect(await journal.positionBefore(start + 101)).toBe(2);
      expect(await journal.positionBefore(start + 500)).toBe(8);
      expect(await journal.positionBefore(start + 501)).toBe(10);
    });

    it('forgets the data of incidents, and keeps their ids, positions and times', async () => {
      const journal = await opens();
      const incidents = range(1, 24).map((n) => incidentOf('s', n, { secret: 'x'.repeat(n) }));
      await journal.append(incidents);
      await journal.commit({
        instance: 'one',
        cursor: { ...cursorAt(3), counts: { delivered: 1, filtered: 0, dead: 2, dropped: 0, lost: 0 } },
        deadLetters: [1, 2].map((n) => letterAt('one', n, incidentOf('s', n))),
        reports: [],
      });
      const accepted = await journal.acceptedAt(2);
      expect(await journal.forget(isSecond)).toEqual({ entries: 3, deadLetters: 1 });
      expect(await readAll(journal)).toEqual(
        incidents.map((incident) => (isSecond(incident) ? forgottenOf(incident) : incident)),
      );
      expect((await journal.deadLetters('one')).map(({ position }) => position)).toEqual([1]);
      expect((await journal.cursor('one'))?.counts).toEqual({
        delivered: 1,
        filtered: 0,
        dead: 1,
        dropped: 1,
        lost: 0,
      });
      expect(await journal.acceptedAt(2)).toBe(accepted);
      expect((await journal.append([incidentOf('s', 12)])).incidents).toEqual([]);
      expect(await journal.forget(isSecond)).toEqual({ entries: 0, deadLetters: 0 });
    });

    it('keeps whether the paths in an incident belong to this machine', async () => {
      const journal = await opens();
      const local = createIncident({
        id: 's:1',
        origin: 'acme.file',
        timestamp: 1,
        sensor: 'a',
        data: { path: '/tmp/x' },
        local: true,
      });
      await journal.append([local]);
      expect((await journal.read(0, 1)).incidents).toEqual([local]);
    });
  });
}
