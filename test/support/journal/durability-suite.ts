import { describe, expect, it } from 'vitest';
import { cursorAt, incidentOf, type JournalUnderTest, letterAt, range, readAll } from './journal-samples.ts';

/** The further promises of a durable journal. */
export function describeDurability(name: string, create: () => Promise<Required<JournalUnderTest>>): void {
  describe(`${name}, a durable journal`, () => {
    it('has everything after a crash that it had before', async () => {
      const { journal, reopen } = await create();
      await journal.open();
      const incidents = range(1, 50).map((n) => incidentOf('s', n * 10, { n, bytes: new Uint8Array([n]) }));
      await journal.append(incidents);
      await journal.commit({
        instance: 'one',
        cursor: cursorAt(3, { written: { s: 30 } }),
        deadLetters: [letterAt('one', 2, incidentOf('s', 20))],
        reports: [incidentOf('s/one/0', 10)],
      });
      const again = await reopen();
      await again.open();
      expect(await readAll(again)).toEqual([...incidents, incidentOf('s/one/0', 10)]);
      expect(again.bounds()).toEqual(journal.bounds());
      expect(await again.cursor('one')).toEqual(cursorAt(3, { written: { s: 30 } }));
      expect(await again.deadLetters('one')).toEqual([letterAt('one', 2, incidentOf('s', 20))]);
      expect(await again.highest('s')).toBe(500);
      await again.close();
      await journal.close();
    });

    it('continues its positions and knows its ids after a crash', async () => {
      const { journal, reopen } = await create();
      await journal.open();
      await journal.append([incidentOf('s', 1), incidentOf('s', 2)]);
      await journal.release(2);
      const again = await reopen();
      await again.open();
      const run = await again.append([2, 3].map((n) => incidentOf('s', n)));
      expect(run.before).toBe(2);
      expect(run.incidents.map(({ id }) => id)).toEqual(['s:3']);
      await again.close();
      await journal.close();
    });
  });
}
