import { describe, expect, it, vi } from 'vitest';
import type { Checkpoint } from '../contract/checkpoint.ts';
import { permanent, temporary } from '../contract/error.ts';
import { defineHandler } from '../contract/handler.ts';
import type { Incident } from '../contract/incident.ts';
import { createIncident } from '../incident/create-incident.ts';
import { createSignal, handle, ids, incidentOf, incidents, open, statusOf } from '../testing/delivery.ts';
import { createDisk } from '../testing/disk.ts';
import { createKeeper } from '../testing/keeper.ts';

const has = (batch: readonly Incident[], ordinal: number) => batch.some(({ id }) => id === `s:${ordinal}`);

describe('a writing handler', () => {
  it('gets batches in order, within the limit, each with its checkpoint', async () => {
    const batches: (readonly string[])[] = [];
    const checkpoints: Checkpoint[] = [];
    const handler = defineHandler({
      name: 'one',
      accepts: ['acme.*'],
      write(batch, checkpoint) {
        batches.push(batch.map(({ id }) => id));
        checkpoints.push(checkpoint);
      },
    });
    const dispatcher = await open([handler], { batch: 3 });
    await handle(dispatcher, incidents(8));
    expect(batches.flat()).toEqual(ids(8));
    expect(Math.max(...batches.map(({ length }) => length))).toBe(3);
    expect(checkpoints).toEqual(batches.map((batch) => ({ s: Number(batch.at(-1)?.slice(2)) })));
  });

  it('gets a checkpoint of every stream in the batch, whatever its name', async () => {
    const checkpoints: Checkpoint[] = [];
    const handler = defineHandler({
      name: 'one',
      accepts: ['*'],
      write: (_batch, checkpoint) => void checkpoints.push(checkpoint),
    });
    const parts = { origin: 'acme.thing.seen', timestamp: 0, sensor: 'pot', data: {} };
    const batch = ['s:1', '__proto__:2', 's/one/0:7', 's:5', 'constructor:9'];
    await handle(
      await open([handler]),
      batch.map((id) => createIncident({ id, ...parts })),
    );
    expect(checkpoints.map((checkpoint) => Object.entries(checkpoint))).toEqual([
      [
        ['s', 5],
        ['__proto__', 2],
        ['s/one/0', 7],
        ['constructor', 9],
      ],
    ]);
  });

  it('gets the incidents that arrive during a write as one batch', async () => {
    const keeper = createKeeper();
    const [reached, goOn] = [createSignal(), createSignal()];
    keeper.before = () => {
      reached.give();
      return goOn.promise;
    };
    const dispatcher = await open([keeper.handler]);
    await dispatcher.report([incidentOf(1)]);
    await reached.promise;
    for (const n of [2, 3, 4]) await dispatcher.report([incidentOf(n)]);
    goOn.give();
    await dispatcher.drain();
    expect(keeper.batches).toEqual([['s:1'], ['s:2', 's:3', 's:4']]);
  });

  it('gets the whole batch again, without limit, after a temporary failure', async () => {
    const keeper = createKeeper();
    keeper.before = () => {
      if (keeper.batches.length < 20) throw Object.assign(new Error('locked'), { code: 'SQLITE_BUSY' });
    };
    await handle(await open([keeper.handler]), incidents(3));
    expect(keeper.batches).toEqual(Array.from({ length: 20 }, () => ids(3)));
    expect(keeper.database.rows).toEqual(ids(3));
  });

  it.each([
    ['does not say what it means', () => new Error('row 3 does not fit'), 3],
    ['is permanent', () => permanent('row 3 does not fit'), 1],
  ])(
    'gets a failed batch one by one when the failure %s, so that only the bad incident dies',
    async (_, error, attempts) => {
      const keeper = createKeeper();
      const letters: unknown[] = [];
      keeper.before = (batch) => {
        if (has(batch, 3)) throw error();
      };
      const dispatcher = await open([keeper.handler], { onDeadLetter: (letter) => letters.push(letter) });
      await handle(dispatcher, incidents(5));
      expect(keeper.database.rows).toEqual(['s:1', 's:2', 's:4', 's:5']);
      expect(keeper.batches[0]).toEqual(ids(5));
      expect(keeper.batches.filter((batch) => batch.join() === 's:3')).toHaveLength(attempts);
      expect(letters).toEqual([
        expect.objectContaining({ position: 3, reason: 'row 3 does not fit', attempts }),
      ]);
      expect(statusOf(dispatcher, 'keeper').counts).toMatchObject({ delivered: 4, dead: 1 });
    },
  );

  it('gets the next batch whole again', async () => {
    const keeper = createKeeper();
    keeper.before = (batch) => {
      if (has(batch, 1)) throw permanent('no');
    };
    const dispatcher = await open([keeper.handler]);
    await handle(dispatcher, incidents(2));
    await handle(dispatcher, [incidentOf(3), incidentOf(4)]);
    expect(keeper.batches.at(-1)).toEqual(['s:3', 's:4']);
  });
});

describe('a handler with a checkpoint', () => {
  it('is asked for it after start, and does not get incidents that it covers', async () => {
    const keeper = createKeeper();
    keeper.database = { rows: ids(4), checkpoint: { s: 4 } };
    const dispatcher = await open([keeper.handler]);
    await handle(dispatcher, incidents(6));
    expect(keeper.batches.flat()).toEqual(['s:5', 's:6']);
    expect(statusOf(dispatcher, 'keeper').counts).toMatchObject({ delivered: 6 });
  });

  it('does not get a write again that committed and then failed', async () => {
    const keeper = createKeeper();
    keeper.after = () => {
      if (keeper.batches.length === 1) throw new Error('the reply was lost');
    };
    const dispatcher = await open([keeper.handler]);
    await handle(dispatcher, incidents(3));
    await handle(dispatcher, [incidentOf(4)]);
    expect(keeper.batches).toEqual([ids(3), ['s:4']]);
    expect(statusOf(dispatcher, 'keeper').counts).toMatchObject({ delivered: 4, dead: 0 });
  });

  it('does not lose the next incident to a failure after everything was stored', async () => {
    const keeper = createKeeper();
    const lost: string[] = [];
    keeper.before = (batch) => {
      if (has(batch, 1)) throw permanent('poison');
    };
    keeper.after = (batch) => {
      const [first] = batch;
      if (first === undefined || lost.includes(first.id)) return;
      lost.push(first.id);
      throw permanent('the reply was lost');
    };
    const dispatcher = await open([keeper.handler]);
    await handle(dispatcher, incidents(5));
    expect(keeper.database.rows).toEqual(['s:2', 's:3', 's:4', 's:5']);
    expect(statusOf(dispatcher, 'keeper').counts).toMatchObject({ delivered: 4, dead: 1 });
  });

  it('gets a failed write again when its checkpoint cannot be read', async () => {
    const keeper = createKeeper();
    let asked = 0;
    const handler = defineHandler({
      ...keeper.handler,
      checkpoint: () => {
        asked += 1;
        if (asked === 2) throw new Error('not now');
        return keeper.database.checkpoint;
      },
    });
    keeper.before = () => {
      if (keeper.batches.length === 1) throw temporary('busy');
    };
    await handle(await open([handler]), incidents(3));
    expect(keeper.batches).toEqual([ids(3), ids(3)]);
    expect(keeper.database.rows).toEqual(ids(3));
  });

  it('does not get stored incidents again after a crash before the acknowledgement', async () => {
    const disk = createDisk();
    const keeper = createKeeper();
    let dead = false;
    const died = createSignal();
    const never = new Promise<void>(() => {});
    keeper.after = () => {
      dead = true;
      died.give();
    };
    const first = await open([keeper.handler], { journal: disk.journal(() => (dead ? never : undefined)) });
    await first.report(incidents(3));
    await died.promise;
    keeper.after = () => {};
    const second = await open([keeper.handler], { journal: disk.journal() });
    await handle(second, [incidentOf(4)]);
    expect(keeper.batches).toEqual([ids(3), ['s:4']]);
    expect(statusOf(second, 'keeper').counts).toMatchObject({ delivered: 4 });
  });
});

it('the status shows why a write is retried', async () => {
  const keeper = createKeeper();
  keeper.before = () => {
    throw temporary('the disk is full', { retryAfter: 86_400_000 });
  };
  const dispatcher = await open([keeper.handler]);
  await dispatcher.report(incidents(2));
  await vi.waitFor(() => expect(statusOf(dispatcher, 'keeper').state).toBe('waiting'));
  expect(await dispatcher.drain({ stalledAfter: 5 })).toEqual([
    expect.objectContaining({ instance: 'keeper', failure: 'the disk is full', pending: 2 }),
  ]);
});
