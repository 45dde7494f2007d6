import { describe, expect, it, vi } from 'vitest';
import { permanent } from '../contract/error.ts';
import { defineHandler, type Handler, type Listener } from '../contract/handler.ts';
import type { Journal } from '../contract/journal.ts';
import {
  anything,
  createSignal,
  handle,
  ids,
  incidentOf,
  incidents,
  newFolder,
  open,
  setUp,
  statusOf,
} from '../testing/delivery.ts';
import { createDisk } from '../testing/disk.ts';
import { createMemoryJournal } from './memory-journal.ts';

const hears = (name: string, glob: string, listener: Listener = () => {}): Handler =>
  defineHandler({ name, on: { [glob]: listener } });

// Every test here ends, as all tests of delivery do, with the counts of every instance held against the journal.
describe('the counts of an instance', () => {
  it('count delivered, filtered and dead incidents', async () => {
    const picky = hears('picky', 'acme.*.seen', ({ id }) => {
      if (id === 's:3') throw permanent('no');
    });
    const dispatcher = await open([picky]);
    await handle(dispatcher, [
      ...incidents(3),
      incidentOf(4, 'other.thing.seen'),
      incidentOf(5, 'acme.thing.gone'),
    ]);
    const { counts, pending } = statusOf(dispatcher, 'picky');
    // The third that is not for it tells of its own failure.
    expect(counts).toEqual({ delivered: 2, filtered: 3, dead: 1, dropped: 0, lost: 0 });
    expect(pending).toBe(0);
  });

  it('count as filtered what the filters of the entry exclude', async () => {
    const dispatcher = await open([
      { handler: hears('all', '*'), instance: 'only', only: ['acme.*.seen', 'other.*'] },
      { handler: hears('all', '*'), instance: 'except', except: ['acme.*.seen'] },
      { handler: hears('all', '*'), instance: 'both', only: ['acme.*'], except: ['*.gone'] },
    ]);
    const origins = ['acme.thing.seen', 'acme.thing.gone', 'other.thing.seen', 'third.thing.seen'];
    await handle(
      dispatcher,
      origins.map((origin, i) => incidentOf(i + 1, origin)),
    );
    expect(
      dispatcher.status().map(({ instance, counts }) => [instance, counts.delivered, counts.filtered]),
    ).toEqual([
      ['only', 2, 2],
      ['except', 3, 1],
      ['both', 1, 3],
    ]);
  });

  it('count its backlog as pending', async () => {
    const [reached, goOn] = [createSignal(), createSignal()];
    const slow = hears('slow', '*', () => {
      reached.give();
      return goOn.promise;
    });
    const { dispatcher, journal } = setUp([slow]);
    await dispatcher.start();
    await dispatcher.report(incidents(5));
    await reached.promise;
    expect(statusOf(dispatcher, 'slow').pending).toBe(5);
    expect(journal.bounds().last).toBe(5);
    goOn.give();
    await dispatcher.drain();
    expect(statusOf(dispatcher, 'slow')).toMatchObject({ pending: 0, counts: { delivered: 5 } });
  });

  it('continue after a restart, and nothing is delivered twice', async () => {
    const disk = createDisk();
    const heard: string[] = [];
    const handler = hears('one', 'acme.*', ({ id }) => void heard.push(id));
    for (const [life, n] of [1, 2, 3].entries()) {
      const dispatcher = await open([handler], { journal: disk.journal() });
      await handle(dispatcher, [incidentOf(2 * n - 1, 'other.thing.seen'), incidentOf(2 * n)]);
      expect(statusOf(dispatcher, 'one').counts).toMatchObject({ delivered: life + 1, filtered: life + 1 });
      await dispatcher.close();
    }
    expect(heard).toEqual(['s:2', 's:4', 's:6']);
  });

  it('begin at the oldest stored incident for a new instance', async () => {
    const disk = createDisk();
    const first = await open([hears('first', '*')], { journal: disk.journal() });
    await handle(first, incidents(5));
    await first.close();
    disk.forget(2);
    const heard: string[] = [];
    const second = await open([hears('second', '*', ({ id }) => void heard.push(id))], {
      journal: disk.journal(),
    });
    await handle(second, []);
    expect(heard).toEqual(['s:3', 's:4', 's:5']);
    expect(disk.cursors.get('second')).toMatchObject({ first: 2, position: 5 });
    expect(statusOf(second, 'second').counts).toMatchObject({ delivered: 3, lost: 0 });
  });

  it('count incidents deleted by retention before delivery as lost, and the loss is logged', async () => {
    const disk = createDisk();
    const error = vi.fn();
    const log = { error, warn() {}, info() {}, debug() {} };
    const first = await open([hears('late', '*')], { journal: disk.journal() });
    await handle(first, incidents(1));
    await first.close();
    const other = await open([hears('other', '*')], { journal: disk.journal() });
    await handle(
      other,
      [2, 3, 4, 5].map((n) => incidentOf(n)),
    );
    await other.close();
    disk.forget(3);
    const heard: string[] = [];
    const handler = hears('late', '*', ({ id }) => void heard.push(id));
    const late = await open([handler], { journal: disk.journal(), log: () => log });
    await handle(late, []);
    expect(heard).toEqual(['s:4', 's:5']);
    expect(statusOf(late, 'late').counts).toMatchObject({ delivered: 3, lost: 2 });
    expect(error).toHaveBeenCalledWith(expect.stringContaining('retention deleted them'), { count: 2 });
  });

  it('balance for a long journal with few incidents for the instance', async () => {
    const disk = createDisk();
    const first = await open([], { journal: disk.journal() });
    await first.report(incidents(5000, 'other.thing.seen'));
    await first.report([incidentOf(5001)]);
    const heard: string[] = [];
    const second = await open([hears('rare', 'acme.*', ({ id }) => void heard.push(id))], {
      journal: disk.journal(),
    });
    await handle(second, []);
    expect(heard).toEqual(['s:5001']);
    expect(statusOf(second, 'rare').counts).toMatchObject({ delivered: 1, filtered: 5000 });
  });

  it('balance when reports and failures cross', async () => {
    const reporter = defineHandler({
      name: 'reporter',
      reports: { 'acme.told': anything },
      on: {
        'acme.thing.*': async ({ id }, context) => {
          await context.report('acme.told', {});
          if (id.endsWith('3')) throw permanent('no');
        },
      },
    });
    const writer = defineHandler({
      name: 'writer',
      accepts: ['*'],
      write(batch) {
        if (batch.some(({ id }) => id.endsWith('7'))) throw new Error('no idea');
      },
    });
    const dispatcher = await open([reporter, writer, hears('all', '*')], { batch: 7 });
    await handle(dispatcher, incidents(50));
    expect(statusOf(dispatcher, 'reporter').counts).toMatchObject({ delivered: 45, dead: 5 });
    expect(statusOf(dispatcher, 'writer').counts.dead).toBe(10);
  });
});

describe('an acknowledgement that the journal refuses', () => {
  /** Refuses each commit with reports this many times. */
  function refusing(inner: Journal, times: number, refused: () => void = () => {}): Journal {
    let left = times;
    return {
      ...inner,
      commit(step) {
        if (step.reports.length === 0 || left <= 0) return inner.commit(step);
        left -= 1;
        refused();
        return Promise.reject(Object.assign(new Error('busy'), { code: 'SQLITE_BUSY' }));
      },
    };
  }
  const reporter = () =>
    defineHandler({
      name: 'reporter',
      reports: { 'acme.told': anything },
      on: { 'acme.thing.*': (_, context) => context.report('acme.told', {}) },
    });

  it('is retried, with its failure in the status, until the journal accepts it', async () => {
    const disk = createDisk();
    const dispatcher = await open([reporter()], { journal: refusing(disk.journal(), 5) });
    await handle(dispatcher, incidents(1));
    expect(disk.log.map(({ id }) => id)).toEqual(['s:1', 's/reporter/0:1']);
  });

  it('is stored with its reports when the host closes meanwhile', async () => {
    const disk = createDisk();
    const refused = createSignal();
    const dispatcher = await open([reporter()], {
      journal: refusing(disk.journal(), 1, refused.give),
      retry: { base: 86_400_000 },
    });
    await dispatcher.report(incidents(1));
    await refused.promise;
    await dispatcher.close();
    expect(disk.log.map(({ id }) => id)).toEqual(['s:1', 's/reporter/0:1']);
    expect(disk.cursors.get('reporter')?.position).toBe(1);
  });
});

describe('the in-memory journal', () => {
  it('makes a source wait for the slowest handler, no longer', async () => {
    const journal = createMemoryJournal({ limit: 10 });
    const [reached, goOn] = [createSignal(), createSignal()];
    const heard: string[] = [];
    const slow = hears('slow', '*', async ({ id }) => {
      heard.push(id);
      reached.give();
      await goOn.promise;
    });
    const dispatcher = await open([slow, hears('fast', '*')], { journal });
    let reported = 0;
    const source = (async () => {
      for (let n = 1; n <= 40; n += 2) {
        await dispatcher.report([incidentOf(n), incidentOf(n + 1)]);
        reported = n + 1;
      }
    })();
    await reached.promise;
    await vi.waitFor(() => expect(statusOf(dispatcher, 'fast').counts.delivered).toBe(10));
    expect(reported).toBe(10);
    expect(journal.bounds()).toEqual({ before: 0, last: 10 });
    goOn.give();
    await source;
    expect(await dispatcher.drain()).toEqual([]);
    expect(heard).toEqual(ids(40));
    expect(journal.bounds()).toEqual({ before: 40, last: 40 });
  });

  it('keeps incidents for a handler that has not started yet', async () => {
    let fails = true;
    const heard: string[] = [];
    const late = defineHandler({
      name: 'late',
      on: { '*': ({ id }) => void heard.push(id) },
      start() {
        if (fails) throw new Error('not yet');
      },
    });
    const dispatcher = await open([late, hears('there', '*')], { retry: { base: 1, cap: 1 } });
    await dispatcher.report(incidents(30));
    fails = false;
    expect(await dispatcher.drain()).toEqual([]);
    expect(heard.filter((id) => id.startsWith('s:'))).toEqual(ids(30));
  });

  it('stores nothing without handlers', async () => {
    const journal = createMemoryJournal({ limit: 10 });
    const dispatcher = await open([], { journal, dataDir: newFolder() });
    for (let n = 1; n <= 50; n += 5)
      await dispatcher.report([0, 1, 2, 3, 4].map((more) => incidentOf(n + more)));
    expect(journal.bounds()).toEqual({ before: 50, last: 50 });
  });
});
