import fc from 'fast-check';
import { expect, it } from 'vitest';
import { partialFailure, permanent, temporary } from '../contract/error.ts';
import { defineHandler, type Handler } from '../contract/handler.ts';
import { anything, handle, ids, incidents, open, statusOf } from '../testing/delivery.ts';
import { createDisk } from '../testing/disk.ts';

/** A handler that refuses these incidents by name, each with the errors left for it. */
function choosy(errors: Readonly<Record<string, readonly Error[]>>, more: object = {}) {
  const left = new Map(Object.entries(errors).map(([id, list]) => [id, [...list]]));
  const stored: string[] = [];
  const writes: number[] = [];
  const handler: Handler = defineHandler({
    name: 'one',
    accepts: ['acme.*'],
    write(batch) {
      writes.push(batch.length);
      const failed = batch.flatMap((incident) => {
        const error = left.get(incident.id)?.shift();
        if (error === undefined) stored.push(incident.id);
        return error === undefined ? [] : [{ incident, error }];
      });
      if (failed.length > 0) throw partialFailure(failed);
    },
    ...more,
  });
  return { handler, stored, writes };
}

it('a write that fails in part is repeated only for the incidents that it names', async () => {
  const no = permanent('no such place');
  const { handler, stored, writes } = choosy({ 's:2': [temporary('busy')], 's:5': [no, no] });
  const disk = createDisk();
  const dispatcher = await open([handler], { journal: disk.journal() });
  await handle(dispatcher, incidents(6));
  expect(stored).toEqual(['s:1', 's:3', 's:4', 's:6', 's:2']);
  expect(writes).toEqual([6, 1, 1]);
  expect(statusOf(dispatcher, 'one').counts).toMatchObject({ delivered: 5, dead: 1 });
  expect(disk.deadLetters).toMatchObject([
    { incident: { id: 's:5' }, reason: expect.stringContaining('no such place') },
  ]);
});

it('a write that names no incident of its batch fails as a whole', async () => {
  let failures = 1;
  const stored: string[] = [];
  const handler = defineHandler({
    name: 'one',
    accepts: ['acme.*'],
    write(batch) {
      failures -= 1;
      if (failures >= 0) throw partialFailure([{ incident: { id: 'other:1' }, error: temporary('busy') }]);
      stored.push(...batch.map(({ id }) => id));
    },
  });
  await handle(await open([handler]), incidents(3));
  expect(stored).toEqual(ids(3));
});

it('a handler with reports gets the whole batch again after a partial failure', async () => {
  const { handler, stored } = choosy({ 's:2': [temporary('busy')] }, { reports: { 'acme.more': anything } });
  await handle(await open([handler]), incidents(3));
  expect([...new Set(stored)].sort()).toEqual(ids(3));
  expect(stored.filter((id) => id === 's:1')).toHaveLength(2);
});

it('whatever a write names, each incident is stored once or is a dead letter, and the counts balance', async () => {
  const kinds = fc.constantFrom('temporary', 'permanent', 'unknown');
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 30 }), kinds, fc.integer({ min: 1, max: 4 })), {
        selector: ([n]) => n,
      }),
      fc.integer({ min: 1, max: 30 }),
      async (faults, batch) => {
        const makers = {
          temporary: () => temporary('t'),
          permanent: () => permanent('p'),
          unknown: () => new Error('u'),
        };
        const errors = Object.fromEntries(
          faults.map(([n, kind, times]) => [`s:${n}`, Array.from({ length: times }, makers[kind])]),
        );
        const { handler, stored } = choosy(errors);
        const disk = createDisk();
        const dispatcher = await open([handler], { journal: disk.journal(), batch });
        await handle(dispatcher, incidents(30));
        const dead = disk.deadLetters.map(({ incident }) => incident.id);
        expect([...stored, ...dead].sort()).toEqual([...ids(30)].sort());
        expect(statusOf(dispatcher, 'one').counts).toMatchObject({
          delivered: stored.length,
          dead: dead.length,
        });
        await dispatcher.close();
      },
    ),
    { numRuns: 40 },
  );
});
