import { describe, expect, it, vi } from 'vitest';
import { permanent, temporary } from '../../contract/error.ts';
import { defineHandler, type HandlerContext } from '../../contract/handler.ts';
import type { Incident } from '../../contract/incident.ts';
import {
  anything,
  createSignal,
  handle,
  ids,
  incidentOf,
  incidents,
  open,
  setUp,
  statusOf,
} from '../../testing/delivery.ts';
import { createDisk } from '../../testing/disk.ts';
import { createKeeper } from '../../testing/keeper.ts';

/** A listener on a disk; `hear` is what it does. */
async function listening(
  hear: (incident: Incident, context: HandlerContext) => unknown = () => {},
  batch = 2,
  now: () => number = Date.now,
) {
  const disk = createDisk({ now });
  const heard: string[] = [];
  const handler = defineHandler({
    name: 'one',
    reports: { 'acme.told': anything },
    on: {
      'acme.thing.*': async (incident, context) => {
        await hear(incident, context);
        heard.push(incident.id);
      },
    },
  });
  const dispatcher = await open([handler], { journal: disk.journal(), batch });
  return { disk, heard, handler, dispatcher };
}

describe('a replay', () => {
  it('delivers the journal again, with counts of its own', async () => {
    const { disk, heard, dispatcher } = await listening();
    await handle(dispatcher, [...incidents(5), incidentOf(6, 'other.thing.seen')]);
    const own = statusOf(dispatcher, 'one').counts;
    const onProgress = vi.fn();
    const counts = await dispatcher.replay({ instance: 'one', name: 'again', onProgress });
    expect(counts).toEqual({ delivered: 5, filtered: 1, dead: 0, dropped: 0, lost: 0, known: 0 });
    expect(heard).toEqual([...ids(5), ...ids(5)]);
    expect(statusOf(dispatcher, 'one').counts).toEqual(own);
    expect(disk.cursors.get('one@again')).toMatchObject({
      first: 0,
      position: 6,
      counts: { delivered: 5, filtered: 1 },
    });
    expect(onProgress.mock.calls.at(-1)).toEqual([6, 6]);
  });

  it('can be limited to a time and to origins', async () => {
    let time = 0;
    const { disk, heard, dispatcher } = await listening(undefined, 2, () => time);
    await handle(dispatcher, incidents(2));
    time = 1000;
    await handle(dispatcher, [incidentOf(3), incidentOf(4, 'acme.thing.gone'), incidentOf(5)]);
    heard.length = 0;
    const counts = await dispatcher.replay({ instance: 'one', name: 'a', since: 1000, only: ['*.seen'] });
    expect(heard).toEqual(['s:3', 's:5']);
    expect(counts).toMatchObject({ delivered: 2, filtered: 1 });
    expect(disk.cursors.get('one@a')).toMatchObject({ first: 2, position: 5 });
  });

  it('leaves room for normal deliveries between its batches', async () => {
    const disk = createDisk();
    const heard: string[] = [];
    let during = () => {};
    const handler = defineHandler({
      name: 'one',
      on: {
        'acme.thing.*': ({ id }) => {
          heard.push(id);
          during();
        },
      },
    });
    const dispatcher = await open([handler], { journal: disk.journal(), batch: 2 });
    await handle(dispatcher, incidents(6));
    let reported: Promise<void> | undefined;
    during = () => {
      reported ??= dispatcher.report([incidentOf(7)]);
    };
    const replayed = dispatcher.replay({ instance: 'one', name: 'a' });
    expect(await replayed).toMatchObject({ delivered: 6 });
    await reported;
    expect(await dispatcher.drain()).toEqual([]);
    const again = heard.slice(6);
    expect(again.toSorted()).toEqual([...ids(6), 's:7']);
    expect(again.indexOf('s:7')).toBeLessThan(6);
  });

  it('resumes under the same name', async () => {
    const stop = new AbortController();
    const { disk, heard, dispatcher } = await listening(({ id }) => {
      if (heard.length > 6 && id === 's:2') stop.abort(new Error('enough'));
    });
    await handle(dispatcher, incidents(6));
    heard.push('-');
    const replay = { instance: 'one', name: 'a' };
    await expect(dispatcher.replay({ ...replay, signal: stop.signal })).rejects.toThrow('enough');
    const reached = disk.cursors.get('one@a')?.position ?? 0;
    expect(reached).toBeLessThan(6);
    expect(await dispatcher.replay(replay)).toMatchObject({ delivered: 6 });
    expect(heard.slice(7)).toEqual([...ids(reached), ...ids(6).slice(reached)]);
  });

  it('reports under the name of the instance, so that known reports are ignored', async () => {
    const { disk, dispatcher } = await listening((_, context) => context.report('acme.told', {}));
    await handle(dispatcher, incidents(3));
    const before = disk.log.length;
    await dispatcher.replay({ instance: 'one', name: 'a' });
    expect(disk.log).toHaveLength(before);
  });

  it('keeps its dead letters under its own name', async () => {
    let isBad = false;
    const { disk, dispatcher } = await listening(({ id }) => {
      if (isBad && id === 's:2') throw permanent('no');
    });
    await handle(dispatcher, incidents(3));
    isBad = true;
    expect(await dispatcher.replay({ instance: 'one', name: 'a' })).toMatchObject({ delivered: 2, dead: 1 });
    expect(disk.deadLetters.map(({ instance, position }) => [instance, position])).toEqual([['one@a', 2]]);
  });

  it('has dead letters of its own that can be retried and dropped after it has ended', async () => {
    let isBad = false;
    const { promise, give } = createSignal();
    const { disk, heard, dispatcher } = await listening(async ({ id }) => {
      if (isBad && id === 's:3') await promise;
      if (isBad && id !== 's:3') throw permanent('no');
    }, 1);
    await handle(dispatcher, incidents(3));
    isBad = true;
    const going = dispatcher.replay({ instance: 'one', name: 'a' });
    await vi.waitFor(() => expect(disk.deadLetters).toHaveLength(2));
    await expect(dispatcher.retryDeadLetters('one@a')).rejects.toThrow('still running');
    give();
    await going;
    isBad = false;
    expect(await dispatcher.retryDeadLetters('one@a', [1])).toEqual({ delivered: 1, dead: 0 });
    expect(await dispatcher.dropDeadLetters('one@a')).toBe(1);
    expect(heard).toEqual([...ids(3), 's:3', 's:1']);
    expect(disk.deadLetters).toEqual([]);
    expect(disk.cursors.get('one@a')).toMatchObject({
      position: 3,
      counts: { delivered: 2, dead: 0, dropped: 1, filtered: 0, lost: 0 },
    });
    expect(statusOf(dispatcher, 'one').counts).toMatchObject({ delivered: 3, dead: 0, dropped: 0 });
  });

  it('waits outside the turn of the lane after a temporary failure', async () => {
    let busy = 0;
    const { heard, dispatcher } = await listening(({ id }) => {
      if (heard.length >= 3 && id === 's:2' && busy < 3) {
        busy += 1;
        throw temporary('busy');
      }
    });
    await handle(dispatcher, incidents(3));
    expect(await dispatcher.replay({ instance: 'one', name: 'a' })).toMatchObject({ delivered: 3 });
    expect(busy).toBe(3);
  });

  it('stores nothing twice in a handler that has a checkpoint', async () => {
    const keeper = createKeeper(['acme.*']);
    const disk = createDisk();
    const dispatcher = await open([keeper.handler], { journal: disk.journal() });
    await handle(dispatcher, incidents(4));
    expect(await dispatcher.replay({ instance: 'keeper', name: 'a' })).toMatchObject({
      delivered: 4,
      known: 4,
    });
    expect(keeper.database.rows).toEqual(ids(4));
  });

  it('ends at the position of the instance, which gets later incidents in order', async () => {
    const [reached, goOn] = [createSignal(), createSignal()];
    const { heard, dispatcher } = await listening(async ({ id }) => {
      if (id !== 's:3' || heard.length > 3) return;
      reached.give();
      await goOn.promise;
    });
    await handle(dispatcher, incidents(2));
    await dispatcher.report([incidentOf(3), incidentOf(4)]);
    await reached.promise;
    const replayed = dispatcher.replay({ instance: 'one', name: 'a' });
    await new Promise(setImmediate);
    goOn.give();
    expect(await replayed).toMatchObject({ delivered: 2 });
    expect(await dispatcher.drain()).toEqual([]);
    expect(heard.filter((id) => id === 's:4')).toHaveLength(1);
  });

  it('counts incidents deleted by retention meanwhile as lost', async () => {
    const { disk, dispatcher } = await listening();
    await handle(dispatcher, incidents(4));
    const stop = new AbortController();
    const onProgress = () => stop.abort();
    await dispatcher
      .replay({ instance: 'one', name: 'a', signal: stop.signal, onProgress })
      .catch(() => undefined); // the test stops it
    disk.forget(3);
    expect(await dispatcher.replay({ instance: 'one', name: 'a' })).toMatchObject({ delivered: 3, lost: 1 });
  });

  it('needs a known instance and a valid name, and runs one at a time', async () => {
    const { dispatcher } = await listening();
    await handle(dispatcher, incidents(2));
    const first = dispatcher.replay({ instance: 'one', name: 'a' });
    await expect(dispatcher.replay({ instance: 'one', name: 'b' })).rejects.toThrow(
      'The replay "a" to one is still running',
    );
    await first;
    await expect(dispatcher.replay({ instance: 'two', name: 'a' })).rejects.toThrow('Unknown instance: two');
    await expect(dispatcher.replay({ instance: 'one', name: '../a' })).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
    });
    await expect(dispatcher.replay({ instance: 'one', name: 'c', only: ['[a]'] })).rejects.toMatchObject({
      code: 'GLOB_INVALID',
    });
  });

  it('is rejected when the host closes', async () => {
    const goOn = createSignal();
    const { disk, dispatcher } = await listening(undefined, 1);
    await handle(dispatcher, incidents(5));
    const replayed = dispatcher.replay({ instance: 'one', name: 'a', onProgress: () => goOn.give() });
    replayed.catch(() => undefined); // looked at below
    await goOn.promise;
    await dispatcher.close();
    await expect(replayed).rejects.toThrow();
    const { position, first, counts } = disk.cursors.get('one@a') ?? { position: 0, first: 1, counts: {} };
    expect(Object.values(counts).reduce((sum: number, count) => sum + Number(count), 0)).toBe(
      position - first,
    );
  });
});

describe('an instance that the journal does not know', () => {
  it.each([
    ['beginning', ['s:1', 's:2', 's:3'], 0],
    ['end', ['s:3'], 2],
  ] as const)('begins at the %s when its entry says so', async (from, expected, first) => {
    const disk = createDisk();
    await disk.journal().append(incidents(2));
    const heard: string[] = [];
    const handler = defineHandler({ name: 'new', on: { 'acme.*': ({ id }) => void heard.push(id) } });
    const { dispatcher } = setUp([{ handler, from }], { journal: disk.journal() });
    await dispatcher.start();
    // At once: a crash right here would not move it.
    expect(disk.cursors.get('new')?.first).toBe(first);
    await handle(dispatcher, [incidentOf(3)]);
    expect(heard).toEqual(expected);
    await dispatcher.close();
    // Where one begins is for those that the journal does not know.
    const again = await open([{ handler, from }], { journal: disk.journal() });
    await handle(again, [incidentOf(4)]);
    expect(heard).toEqual([...expected, 's:4']);
  });
});
