import { describe, expect, it, vi } from 'vitest';
import { IhandlerError } from '../contract/error.ts';
import { failureKind } from '../contract/failure-kind.ts';
import { defineHandler } from '../contract/handler.ts';
import type { Journal } from '../contract/journal.ts';
import { defineSource, type Source, type SourceContext } from '../contract/source.ts';
import {
  createSignal,
  handle,
  ids,
  incidentOf,
  incidents,
  open,
  setUp,
  statusOf,
} from '../testing/delivery.ts';
import { createDisk } from '../testing/disk.ts';
import { createMemoryJournal } from './memory-journal.ts';

const source = (run: (context: SourceContext) => Promise<void>, name = 'port'): Source =>
  defineSource({ name, run });

/** A handler that waits for a signal of the test. */
function waiting(heard: string[]) {
  const goOn = createSignal();
  const handler = defineHandler({
    name: 'slow',
    on: {
      '*': async ({ id }) => {
        await goOn.promise;
        heard.push(id);
      },
    },
  });
  return { handler, goOn };
}

/** A journal that refuses incidents while the test says so. */
function full(inner: Journal) {
  const state = { isFull: true };
  const journal: Journal = {
    ...inner,
    append: (...args) =>
      state.isFull
        ? Promise.reject(new IhandlerError('JOURNAL_FULL', 'The disk is full.'))
        : inner.append(...args),
  };
  return { state, journal };
}

describe('a report with a time limit', () => {
  it('rejects with a temporary error when it is late, and counts once if it becomes durable all the same', async () => {
    const heard: string[] = [];
    const { handler, goOn } = waiting(heard);
    const journal = createMemoryJournal({ limit: 2 });
    const { dispatcher } = setUp([handler], { journal });
    await dispatcher.start();
    let kind: string | undefined;
    const outcome = await dispatcher.run(
      source(async ({ report }) => {
        await report(incidents(2), { within: 20_000 });
        await report([incidentOf(3)], { within: 30 }).catch((error: unknown) => {
          kind = failureKind(error);
        });
        goOn.give();
        await vi.waitFor(() => expect(journal.bounds().last).toBe(3));
        await report([incidentOf(3)], { within: 20_000 }); // as a peer repeats it after the error
      }),
    );
    expect(kind).toBe('temporary');
    expect(await dispatcher.drain()).toEqual([]);
    expect(heard).toEqual(ids(3));
    expect(outcome.accepted + outcome.known).toBe(3);
  });

  it('rejects at once with the error of a journal that does not accept incidents', async () => {
    const { journal } = full(createDisk().journal());
    const dispatcher = await open([], { journal });
    const running = dispatcher.run(source(({ report }) => report(incidents(1), { within: 60_000 })));
    await expect(running).rejects.toMatchObject({ code: 'JOURNAL_FULL' });
  });
});

describe('a report without a time limit', () => {
  it('waits while the journal does not accept incidents, which the status shows, and then continues', async () => {
    const { state, journal } = full(createDisk().journal());
    const dispatcher = await open([], { journal, now: () => 7, retry: { base: 1, cap: 1 } });
    const running = dispatcher.run(
      source(({ report }) => report(incidents(2))),
      { instance: 'port-1' },
    );
    await vi.waitFor(() => expect(dispatcher.sources()[0]?.state).toBe('waiting'));
    expect(dispatcher.sources()).toEqual([
      {
        instance: 'port-1',
        source: 'port',
        state: 'waiting',
        since: 7,
        failure: 'The disk is full.',
        ...{ accepted: 0, known: 0, rejected: 0, misfits: 0, unknown: 0 },
      },
    ]);
    state.isFull = false;
    expect(await running).toMatchObject({ accepted: 2 });
    expect(dispatcher.sources()).toEqual([
      {
        instance: 'port-1',
        source: 'port',
        state: 'ended',
        since: 7,
        reportedAt: 7,
        newest: 0,
        ...{ accepted: 2, known: 0, rejected: 0, misfits: 0, unknown: 2 },
      },
    ]);
  });

  it('rejects with the failure when the source is stopped meanwhile', async () => {
    const { journal } = full(createDisk().journal());
    const dispatcher = await open([], { journal, retry: { base: 86_400_000 } });
    const stop = new AbortController();
    const running = dispatcher.run(
      source(({ report }) => report(incidents(1))),
      { signal: stop.signal },
    );
    running.catch(() => undefined); // looked at below
    await vi.waitFor(() => expect(dispatcher.sources()[0]?.state).toBe('waiting'));
    stop.abort();
    await expect(running).rejects.toThrow('The disk is full.');
  });
});

describe('the state of a source', () => {
  it.each([
    ['in memory', () => createMemoryJournal()],
    ['on a disk', () => createDisk().journal()],
  ])('is returned as the last report stored it, to that instance only: %s', async (_, make) => {
    const dispatcher = await open([], { journal: make() });
    const seen: unknown[] = [];
    const keeps = source(async ({ report, state }) => {
      seen.push(await state());
      await report(incidents(1), { state: { at: 1, bytes: Uint8Array.of(255) } });
      await report([incidentOf(2)]);
      seen.push(await state());
      await report([], { state: 'later' });
      seen.push(await state());
    });
    await dispatcher.run(keeps);
    await dispatcher.run(
      source(async ({ state }) => void seen.push(await state())),
      { instance: 'other' },
    );
    expect(seen).toEqual([undefined, { at: 1, bytes: Uint8Array.of(255) }, 'later', undefined]);
  });

  it('survives a restart together with the incidents', async () => {
    const disk = createDisk();
    const first = await open([], { journal: disk.journal() });
    await first.run(source(({ report }) => report(incidents(1), { state: 41 })));
    await first.close();
    const second = await open([], { journal: disk.journal() });
    let seen: unknown;
    await second.run(
      source(async ({ state }) => {
        seen = await state();
      }),
    );
    expect([seen, disk.log.length]).toEqual([41, 1]);
  });
});

describe('the status of sources', () => {
  it('shows why one has failed, and the last run of each', async () => {
    const dispatcher = await open([]);
    const fails = source(() => Promise.reject(new Error('the port is taken')));
    await expect(dispatcher.run(fails)).rejects.toThrow('the port is taken');
    const states = () => dispatcher.sources().map(({ state, failure }) => [state, failure]);
    expect(states()).toEqual([['failed', 'the port is taken']]);
    await dispatcher.run(source(async () => {}));
    expect(states()).toEqual([['ended', undefined]]);
  });
});

describe('the counters of a handler', () => {
  it('are in its status, and empty when it fails to count', async () => {
    const counting = defineHandler({ name: 'counts', on: { '*': () => {} }, counters: () => ({ rows: 3 }) });
    const failing = defineHandler({
      name: 'fails',
      on: { '*': () => {} },
      counters() {
        throw new Error('the table is gone');
      },
    });
    const dispatcher = await open([
      counting,
      failing,
      defineHandler({ name: 'none', on: { '*': () => {} } }),
    ]);
    await handle(dispatcher, incidents(1));
    expect(dispatcher.status().map(({ counters }) => counters)).toEqual([{ rows: 3 }, {}, {}]);
    expect(statusOf(dispatcher, 'fails').counts.delivered).toBe(1);
  });
});

describe('a source that tells a problem', () => {
  it('has the status failed until the problem is over', async () => {
    const dispatcher = await open([]);
    const said = createSignal();
    const over = createSignal();
    const told = source(async ({ problem, signal }) => {
      problem?.('cannot read /x');
      await said.promise;
      problem?.(undefined);
      over.give();
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    });
    const running = dispatcher.run(told);
    await vi.waitFor(() =>
      expect(dispatcher.sources()).toMatchObject([{ state: 'failed', failure: 'cannot read /x' }]),
    );
    said.give();
    await over.promise;
    expect(dispatcher.sources()).toMatchObject([{ state: 'running' }]);
    expect(dispatcher.sources()[0]).not.toHaveProperty('failure');
    await dispatcher.close();
    await running;
  });
});
