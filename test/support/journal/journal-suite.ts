import { type Cursor, createIncident, type Incident, type Journal, type JournalRun } from '@ihandler/core';
import { afterEach, describe, expect, it } from 'vitest';

import { cursorAt, incidentOf, type JournalUnderTest, letterAt, range, readAll } from './journal-samples.ts';

/** The contract of every journal. `create` returns a new, empty one each time. */
export function describeJournal(name: string, create: () => Promise<JournalUnderTest>): void {
  const opened = new Set<Journal>();
  afterEach(async () => {
    for (const journal of opened) await journal.close();
    opened.clear();
  });

  async function open(journal: Journal): Promise<Journal> {
    await journal.open();
    opened.add(journal);
    return journal;
  }

  async function opens(): Promise<Journal> {
    return open((await create()).journal);
  }

  describe(`${name}, a journal`, () => {
    it('is empty after its creation', async () => {
      const journal = await opens();
      expect(journal.bounds()).toEqual({ before: 0, last: 0 });
      expect(await journal.read(0, 10)).toEqual({ before: 0, incidents: [] });
      expect(await journal.highest('s')).toBeUndefined();
      expect(await journal.cursor('one')).toBeUndefined();
      expect(await journal.deadLetters('one')).toEqual([]);
    });

    it('assigns positions from 1, without gaps, in the order of appending', async () => {
      const journal = await opens();
      expect((await journal.append([incidentOf('s', 10), incidentOf('s', 20)])).before).toBe(0);
      expect((await journal.append([incidentOf('t', 1)])).before).toBe(2);
      expect(journal.bounds()).toEqual({ before: 0, last: 3 });
      expect((await readAll(journal)).map(({ id }) => id)).toEqual(['s:10', 's:20', 't:1']);
    });

    it('returns the very objects that were appended', async () => {
      const journal = await opens();
      const batch = [incidentOf('s', 1), incidentOf('s', 2)];
      const run = await journal.append(batch);
      expect(run.incidents[0]).toBe(batch[0]);
      expect(run.incidents[1]).toBe(batch[1]);
    });

    it('returns incidents unchanged and frozen', async () => {
      const journal = await opens();
      const data = JSON.parse(
        '{"__proto__":{"a":1},"constructor":-0,"lone":"\\ud800","line":"\\u2028","list":[null,{"$bytes":"AA=="}]}',
      );
      const given = incidentOf('s', Number.MAX_SAFE_INTEGER, { ...data, bytes: new Uint8Array([0, 255]) });
      const parts = { id: 's/one/0:9', origin: 'acme.offer', timestamp: 0.5, sensor: 'é', data: { url: 7 } };
      const misfit = Object.freeze({ ...createIncident(parts), misfit: 'url: expected a string, found 7' });
      await journal.append([given, misfit]);
      const { incidents } = await journal.read(0, 2);
      expect(incidents).toEqual([given, misfit]);
      expect(Object.isFrozen(incidents[0]) && Object.isFrozen(incidents[0]?.data)).toBe(true);
    });

    it('reads entries after a position, up to the limit, and none after the last', async () => {
      const journal = await opens();
      await journal.append(range(1, 9).map((n) => incidentOf('s', n)));
      const some = await journal.read(4, 3);
      expect(some.before).toBe(4);
      expect(some.incidents.map(({ id }) => id)).toEqual(['s:5', 's:6', 's:7']);
      expect(await journal.read(9, 3)).toEqual({ before: 9, incidents: [] });
    });

    it('ignores known ids, of earlier calls and of the same call', async () => {
      const journal = await opens();
      await journal.append(range(1, 3).map((n) => incidentOf('s', n)));
      const again = await journal.append([2, 3, 4, 4, 5].map((n) => incidentOf('s', n)));
      expect(again.before).toBe(3);
      expect(again.incidents.map(({ id }) => id)).toEqual(['s:4', 's:5']);
      expect(await journal.append([incidentOf('s', 5)])).toEqual({ before: 5, incidents: [] });
      expect(await readAll(journal)).toHaveLength(5);
    });

    it('ignores an id twice in one batch of one stream', async () => {
      const journal = await opens();
      const run = await journal.append([1, 2, 1, 2, 3].map((n) => incidentOf('s', n)));
      expect(run.incidents.map(({ id }) => id)).toEqual(['s:1', 's:2', 's:3']);
      expect(await journal.append([incidentOf('s', 3)])).toEqual({ before: 3, incidents: [] });
    });

    it('distinguishes streams with any characters in their names', async () => {
      const journal = await opens();
      const names = ['s', 's/one/0', 's:1', '__proto__', 'constructor', '"s"', 'é', '\ud800', '\udc00', '\0'];
      const run = await journal.append(names.map((stream) => incidentOf(stream, 1)));
      expect(run.incidents).toHaveLength(names.length);
      const again = await journal.append(names.map((stream) => incidentOf(stream, 1)));
      expect(again.incidents).toEqual([]);
      for (const stream of names) expect(await journal.highest(stream)).toBe(1);
      expect(await journal.highest('toString')).toBeUndefined();
    });

    it('appends nothing of a batch that contains an incident without an id', async () => {
      const journal = await opens();
      const bad: Incident = { ...incidentOf('s', 2), id: 'no id' };
      await expect(async () => journal.append([incidentOf('s', 1), bad])).rejects.toThrow(
        expect.objectContaining({ code: 'INCIDENT_INVALID' }),
      );
      expect(await readAll(journal)).toEqual([]);
      expect((await journal.append([incidentOf('s', 1)])).incidents).toHaveLength(1);
    });

    it('keeps the order of calls that overlap', async () => {
      const journal = await opens();
      const order: number[] = [];
      const runs = await Promise.all(
        range(1, 40).map(async (n) => {
          const run: JournalRun = await (n % 4 === 0
            ? journal.commit({
                instance: 'one',
                cursor: cursorAt(n),
                deadLetters: [],
                reports: [incidentOf('s/one/0', n)],
              })
            : journal.append([incidentOf('s', n), incidentOf('t', n)]));
          order.push(n);
          return run;
        }),
      );
      expect(order).toEqual(range(1, 40));
      const all = await readAll(journal);
      expect(runs.flatMap(({ incidents }) => incidents).map(({ id }) => id)).toEqual(all.map(({ id }) => id));
      for (const { before, incidents } of runs) expect(all[before]?.id).toBe(incidents[0]?.id);
      expect((await journal.cursor('one'))?.position).toBe(40);
    });

    it('appends an id of overlapping calls once', async () => {
      const journal = await opens();
      const runs = await Promise.all(range(1, 5).map(async () => journal.append([incidentOf('s', 1)])));
      expect(runs.map(({ incidents }) => incidents.length)).toEqual([1, 0, 0, 0, 0]);
    });

    it('keeps a separate cursor with counts and checkpoint for each instance', async () => {
      const journal = await opens();
      const counts = { delivered: 1, filtered: 2, dead: 3, dropped: 4, lost: 5 };
      const written = JSON.parse(`{"__proto__":1,"s/one/0":${Number.MAX_SAFE_INTEGER},"\\ud800":0}`);
      const cursor: Cursor = { first: 2 ** 40, position: 2 ** 40 + 15, counts, written };
      await journal.commit({ instance: 'one', cursor, deadLetters: [], reports: [] });
      await journal.commit({ instance: '__proto__', cursor: cursorAt(7), deadLetters: [], reports: [] });
      expect(await journal.cursor('one')).toEqual(cursor);
      expect(Object.keys((await journal.cursor('one'))?.written ?? {})).toContain('__proto__');
      expect(await journal.cursor('__proto__')).toEqual(cursorAt(7));
      expect(await journal.cursor('other')).toBeUndefined();
      await journal.commit({ instance: 'one', cursor: cursorAt(1), deadLetters: [], reports: [] });
      expect(await journal.cursor('one')).toEqual(cursorAt(1));
    });

    it('commits cursor, dead letters and reports together', async () => {
      const journal = await opens();
      const [first, second] = [incidentOf('s', 1), incidentOf('s', 2)];
      await journal.append([first, second]);
      const report = incidentOf('s/one/0', 2);
      const run = await journal.commit({
        instance: 'one',
        cursor: cursorAt(2),
        deadLetters: [letterAt('one', 1, first)],
        reports: [report, report],
      });
      expect(run).toEqual({ before: 2, incidents: [report] });
      expect(run.incidents[0]).toBe(report);
      expect(await journal.cursor('one')).toEqual(cursorAt(2));
      expect(await journal.deadLetters('one')).toEqual([letterAt('one', 1, first)]);
      expect(await readAll(journal, 2)).toEqual([report]);
    });

    it('commits nothing of a step that contains an incident without an id', async () => {
      const journal = await opens();
      await journal.append([incidentOf('s', 1)]);
      const bad: Incident = { ...incidentOf('s', 2), id: 'no id' };
      await expect(async () =>
        journal.commit({
          instance: 'one',
          cursor: cursorAt(1),
          deadLetters: [letterAt('one', 1, incidentOf('s', 1))],
          reports: [incidentOf('s/one/0', 1), bad],
        }),
      ).rejects.toThrow(expect.objectContaining({ code: 'INCIDENT_INVALID' }));
      expect(await journal.cursor('one')).toBeUndefined();
      expect(await journal.deadLetters('one')).toEqual([]);
      expect(journal.bounds().last).toBe(1);
    });

    it('ignores known reports and still moves the cursor', async () => {
      const journal = await opens();
      await journal.append([incidentOf('s', 1)]);
      const step = { instance: 'one', deadLetters: [], reports: [incidentOf('s/one/0', 1)] };
      await journal.commit({ ...step, cursor: cursorAt(1) });
      expect((await journal.commit({ ...step, cursor: cursorAt(2) })).incidents).toEqual([]);
      expect((await journal.cursor('one'))?.position).toBe(2);
      expect(journal.bounds().last).toBe(2);
    });

    it('returns the dead letters of an instance page by page, oldest first', async () => {
      const journal = await opens();
      const incidents = range(1, 9).map((n) => incidentOf('s', n));
      await journal.append(incidents);
      for (const [i, incident] of incidents.entries())
        await journal.commit({
          instance: i % 3 === 0 ? 'two' : 'one',
          cursor: cursorAt(i + 1),
          deadLetters: [letterAt(i % 3 === 0 ? 'two' : 'one', i + 1, incident)],
          reports: [],
        });
      const positions = async (after?: number, limit?: number) =>
        (await journal.deadLetters('one', after, limit)).map(({ position }) => position);
      expect(await positions()).toEqual([2, 3, 5, 6, 8, 9]);
      expect(await positions(0, 2)).toEqual([2, 3]);
      expect(await positions(3, 2)).toEqual([5, 6]);
      expect(await positions(9)).toEqual([]);
      expect((await journal.deadLetters('two')).map(({ incident }) => incident.id)).toEqual([
        's:1',
        's:4',
        's:7',
      ]);
    });

    it('knows the highest ordinal of a stream, also after its entries may be deleted', async () => {
      const journal = await opens();
      await journal.append([incidentOf('s', 5), incidentOf('t', 1), incidentOf('s', 900)]);
      await journal.release(3);
      expect(await journal.highest('s')).toBe(900);
      expect(await journal.highest('t')).toBe(1);
      expect((await journal.append([incidentOf('s', 900)])).incidents).toEqual([]);
    });

    it('never uses a position twice, also after entries may be deleted', async () => {
      const journal = await opens();
      await journal.append([incidentOf('s', 1), incidentOf('s', 2)]);
      await journal.release(2);
      expect((await journal.append([incidentOf('s', 3)])).before).toBe(2);
      const { before, last } = journal.bounds();
      expect(last).toBe(3);
      expect(before).toBeLessThanOrEqual(2);
      expect((await readAll(journal, 2)).map(({ id }) => id)).toEqual(['s:3']);
    });

    it('keeps the entries after the position up to which it may delete', async () => {
      const journal = await opens();
      for (const first of [1, 6, 11])
        await journal.append(range(first, first + 4).map((n) => incidentOf('s', n)));
      await journal.release(7);
      expect(journal.bounds().before).toBeLessThanOrEqual(7);
      expect((await readAll(journal, 7)).map(({ id }) => id)).toEqual(range(8, 15).map((n) => `s:${n}`));
    });

    it('accepts calls only between open and close', async () => {
      const { journal } = await create();
      const step = { instance: 'one', cursor: cursorAt(0), deadLetters: [], reports: [] };
      const calls = [
        async () => journal.append([incidentOf('s', 1)]),
        async () => journal.read(0, 1),
        async () => journal.commit(step),
      ];
      const refused = async () => {
        for (const call of calls)
          await expect(call).rejects.toThrow(expect.objectContaining({ code: 'LIFE_CYCLE' }));
      };
      await refused();
      await open(journal);
      for (const call of calls) await call();
      await journal.close();
      await refused();
    });

    it('still returns its bounds after close', async () => {
      const journal = await opens();
      await journal.append([incidentOf('s', 1)]);
      await journal.close();
      expect(journal.bounds().last).toBe(1);
    });

    it('can be closed twice', async () => {
      const journal = await opens();
      await journal.close();
      await journal.close();
    });

    it('keeps entries that were appended before close, even if their calls were not awaited', async () => {
      const { journal, reopen } = await create();
      await open(journal);
      const appended = journal.append([incidentOf('s', 1)]);
      await journal.close();
      expect((await appended).incidents).toHaveLength(1);
      if (reopen === undefined) return;
      expect((await readAll(await open(await reopen()))).map(({ id }) => id)).toEqual(['s:1']);
    });

    it('declares whether it is durable', async () => {
      const { journal, reopen } = await create();
      expect(journal.durable).toBe(reopen !== undefined);
    });
  });
}
