import { describe, expect, it } from 'vitest';
import { permanent, temporary } from '../../contract/error.ts';
import { defineHandler } from '../../contract/handler.ts';
import {
  anything,
  createSignal,
  handle,
  incidentOf,
  incidents,
  open,
  statusOf,
} from '../../testing/delivery.ts';
import { createDisk } from '../../testing/disk.ts';
import { createKeeper } from '../../testing/keeper.ts';

/** A listener on a disk that refuses the ids the test names. */
async function refusing(refused: readonly string[]) {
  const disk = createDisk();
  const heard: string[] = [];
  const told: string[] = [];
  const refuses = new Set(refused);
  const fault: { error?: Error | undefined } = {};
  const handler = defineHandler({
    name: 'one',
    reports: { 'acme.told': anything },
    on: {
      'acme.thing.*': async ({ id }, context) => {
        if (fault.error !== undefined) throw fault.error;
        if (refuses.has(id)) throw permanent(`refused ${id}`);
        heard.push(id);
        await context.report('acme.told', {});
      },
    },
  });
  const other = defineHandler({ name: 'other', on: { 'acme.told': ({ id }) => void told.push(id) } });
  const dispatcher = await open([handler, other], { journal: disk.journal() });
  return { disk, heard, told, refuses, fault, dispatcher };
}

/** A disk on which `s:1` has died in an earlier life. */
async function diskWithLetter() {
  const disk = createDisk();
  const journal = disk.journal();
  await journal.append(incidents(1));
  const letter = { instance: 'one', position: 1, incident: incidentOf(1), reason: 'no', attempts: 1, at: 0 };
  const counts = { delivered: 0, filtered: 0, dead: 1, dropped: 0, lost: 0 };
  const cursor = { first: 0, position: 1, counts, written: {} };
  await journal.commit({ instance: 'one', cursor, deadLetters: [letter], reports: [] });
  return disk;
}

// Every test here ends with the counts of every instance held against the journal.
describe('retried dead letters', () => {
  it('are delivered oldest first, with their reports, and removed', async () => {
    const { disk, heard, told, refuses, dispatcher } = await refusing(['s:2', 's:3']);
    await handle(dispatcher, incidents(4));
    expect(statusOf(dispatcher, 'one').counts).toMatchObject({ delivered: 2, dead: 2 });
    refuses.clear();
    expect(await dispatcher.retryDeadLetters('one')).toEqual({ delivered: 2, dead: 0 });
    expect(await dispatcher.drain()).toEqual([]);
    expect(heard).toEqual(['s:1', 's:4', 's:2', 's:3']);
    // Of streams of their own: ordinals rise in every stream, or others would take them for known.
    expect(told).toEqual(['s/one/0:1', 's/one/0:4', 's~2/one/0:2', 's~3/one/0:3']);
    expect(statusOf(dispatcher, 'one').counts).toMatchObject({ delivered: 4, dead: 0 });
    expect(disk.deadLetters).toEqual([]);
  });

  it('are only those at the positions that were named', async () => {
    const { disk, refuses, dispatcher } = await refusing(['s:1', 's:2']);
    await handle(dispatcher, incidents(2));
    refuses.clear();
    expect(await dispatcher.retryDeadLetters('one', [2, 77])).toEqual({ delivered: 1, dead: 0 });
    expect(disk.deadLetters.map(({ position }) => position)).toEqual([1]);
  });

  it('stay dead, with one more attempt and the new reason, when they fail permanently', async () => {
    const { disk, fault, dispatcher } = await refusing(['s:1']);
    await handle(dispatcher, incidents(1));
    const [first] = disk.deadLetters;
    fault.error = new Error('something else');
    expect(await dispatcher.retryDeadLetters('one')).toEqual({ delivered: 0, dead: 1 });
    expect(disk.deadLetters).toEqual([
      { ...first, attempts: 2, reason: expect.stringContaining('something else'), at: expect.any(Number) },
    ]);
    expect(statusOf(dispatcher, 'one').counts).toMatchObject({ delivered: 0, dead: 1 });
  });

  it('stay as they are after a temporary failure, which rejects the call', async () => {
    const { disk, refuses, fault, dispatcher } = await refusing(['s:1', 's:2']);
    await handle(dispatcher, incidents(2));
    const before = [...disk.deadLetters];
    refuses.clear();
    fault.error = temporary('not now');
    await expect(dispatcher.retryDeadLetters('one')).rejects.toThrow('not now');
    expect(disk.deadLetters).toEqual(before);
    fault.error = undefined;
    expect(await dispatcher.retryDeadLetters('one')).toEqual({ delivered: 2, dead: 0 });
  });

  it('count as filtered when the filters have changed', async () => {
    const disk = await diskWithLetter();
    const heard: string[] = [];
    const handler = defineHandler({ name: 'one', on: { '*': ({ id }) => void heard.push(id) } });
    const next = await open([{ handler, except: ['acme.thing.*'] }], { journal: disk.journal() });
    expect(await next.retryDeadLetters('one')).toEqual({ delivered: 0, dead: 0 });
    expect(heard).not.toContain('s:1');
    expect(statusOf(next, 'one').counts).toMatchObject({ dead: 0, filtered: 1 });
    expect(disk.deadLetters).toEqual([]);
  });

  it('reach a handler with a checkpoint under a redelivery id, which its checkpoint covers once stored', async () => {
    const keeper = createKeeper(['acme.*']);
    keeper.before = (batch) => {
      if (batch.some(({ id }) => id === 's:2')) throw permanent('no');
    };
    const disk = createDisk();
    const dispatcher = await open([keeper.handler], { journal: disk.journal() });
    await handle(dispatcher, incidents(3));
    expect(keeper.database).toEqual({ rows: ['s:1', 's:3'], checkpoint: { s: 3 } });
    keeper.before = () => {};
    keeper.after = () => {
      throw new Error('the reply was lost');
    };
    expect(await dispatcher.retryDeadLetters('keeper')).toEqual({ delivered: 1, dead: 0 });
    expect(keeper.database).toEqual({ rows: ['s:1', 's:3', 's~2:2'], checkpoint: { s: 3, 's~2': 2 } });
    expect(disk.cursors.get('keeper')?.written).toEqual({ s: 3 });
  });

  it('are tried between deliveries, not within one', async () => {
    const [reached, goOn] = [createSignal(), createSignal()];
    const events: string[] = [];
    let isBad = true;
    const handler = defineHandler({
      name: 'one',
      on: {
        'acme.thing.seen': async ({ id }) => {
          if (id === 's:1' && isBad) throw permanent('no');
          events.push(`begin ${id}`);
          if (id === 's:2') reached.give();
          if (id === 's:2') await goOn.promise;
          events.push(`end ${id}`);
        },
      },
    });
    const dispatcher = await open([handler]);
    await handle(dispatcher, incidents(1));
    isBad = false;
    await dispatcher.report([incidentOf(2)]);
    await reached.promise;
    const retried = dispatcher.retryDeadLetters('one');
    await new Promise(setImmediate);
    expect(events).toEqual(['begin s:2']);
    goOn.give();
    expect(await retried).toEqual({ delivered: 1, dead: 0 });
    expect(events).toEqual(['begin s:2', 'end s:2', 'begin s:1', 'end s:1']);
  });

  it('interrupt a delivery that waits for a retry, which begins again after them', async () => {
    const heard: string[] = [];
    let isBad = true;
    const handler = defineHandler({
      name: 'one',
      on: {
        'acme.thing.seen': ({ id }) => {
          if (id === 's:1' && isBad) throw permanent('no');
          if (id === 's:2' && isBad) throw temporary('tomorrow', { retryAfter: 86_400_000 });
          heard.push(id);
        },
      },
    });
    const dispatcher = await open([handler]);
    await handle(dispatcher, incidents(1));
    await dispatcher.report([incidentOf(2)]);
    while (statusOf(dispatcher, 'one').state !== 'waiting') await new Promise(setImmediate);
    isBad = false;
    expect(await dispatcher.retryDeadLetters('one')).toEqual({ delivered: 1, dead: 0 });
    expect(await dispatcher.drain()).toEqual([]);
    expect(heard).toEqual(['s:1', 's:2']);
  });

  it('stay when the host closes first, and the call rejects', async () => {
    const { disk, dispatcher } = await refusing(['s:1']);
    await handle(dispatcher, incidents(1));
    const retried = dispatcher.retryDeadLetters('one');
    const closed = dispatcher.close();
    await expect(retried).rejects.toMatchObject({ code: 'LIFE_CYCLE' });
    await closed;
    expect(disk.deadLetters).toHaveLength(1);
    await expect(dispatcher.retryDeadLetters('one')).rejects.toMatchObject({ code: 'LIFE_CYCLE' });
  });

  it('that lie ahead after a restart from the beginning are not retried', async () => {
    const keeper = createKeeper(['acme.*']);
    keeper.before = (batch) => {
      if (batch.some(({ id }) => id === 's:2')) throw permanent('no');
    };
    const disk = createDisk();
    const first = await open([keeper.handler], { journal: disk.journal() });
    await handle(first, incidents(3));
    await first.close();
    keeper.database = { rows: [], checkpoint: {} };
    const goOn = createSignal();
    const began = createSignal();
    keeper.before = () => {
      began.give();
      return goOn.promise;
    };
    const second = await open([keeper.handler], { journal: disk.journal() });
    await began.promise;
    const [dropped, retried] = [second.dropDeadLetters('keeper'), second.retryDeadLetters('keeper')];
    expect(await dropped).toBe(0);
    expect(await retried).toEqual({ delivered: 0, dead: 0 });
    goOn.give();
    expect(await second.drain()).toEqual([]);
    expect(keeper.database.rows).toEqual(['s:1', 's:3']);
    expect(disk.deadLetters).toHaveLength(1);
  });
});

describe('dropped dead letters', () => {
  it('are removed, counted as dropped, and not retried', async () => {
    const { disk, refuses, dispatcher } = await refusing(['s:1', 's:2', 's:3']);
    await handle(dispatcher, incidents(3));
    expect(await dispatcher.dropDeadLetters('one', [1, 3, 99])).toBe(2);
    expect(disk.deadLetters.map(({ position }) => position)).toEqual([2]);
    expect(statusOf(dispatcher, 'one').counts).toMatchObject({ dead: 1, dropped: 2 });
    expect(await dispatcher.dropDeadLetters('one')).toBe(1);
    expect(await dispatcher.dropDeadLetters('one')).toBe(0);
    refuses.clear();
    expect(await dispatcher.retryDeadLetters('one')).toEqual({ delivered: 0, dead: 0 });
  });

  it('are dropped once by two calls at the same time', async () => {
    const { dispatcher } = await refusing(['s:1', 's:2']);
    await handle(dispatcher, incidents(2));
    const counts = await Promise.all([dispatcher.dropDeadLetters('one'), dispatcher.dropDeadLetters('one')]);
    expect(counts).toEqual([2, 0]);
  });

  it('can be dropped while their handler does not start', async () => {
    const disk = await diskWithLetter();
    const handler = defineHandler({
      name: 'one',
      on: { '*': () => {} },
      start: () => Promise.reject(new Error('not yet')),
    });
    const next = await open([handler], { journal: disk.journal(), retry: { base: 86_400_000 } });
    expect(await next.dropDeadLetters('one')).toBe(1);
  });

  it('must belong to a known instance', async () => {
    const { dispatcher } = await refusing([]);
    await expect(dispatcher.dropDeadLetters('unknown')).rejects.toThrow('Unknown instance: unknown');
  });
});
