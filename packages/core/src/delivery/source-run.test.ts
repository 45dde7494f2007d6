import { describe, expect, it, vi } from 'vitest';
import { temporary } from '../contract/error.ts';
import { CONTRACT, defineHandler } from '../contract/handler.ts';
import { defineSource, type Reject, type Source, type SourceContext } from '../contract/source.ts';
import {
  createSignal,
  handle,
  incidentOf,
  incidents,
  newFolder,
  open,
  setUp,
  statusOf,
} from '../testing/delivery.ts';
import { createDisk } from '../testing/disk.ts';
import { createKeeper } from '../testing/keeper.ts';
import type { RunOptions } from './dispatcher-options.ts';
import { createMemoryJournal } from './memory-journal.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const source = (run: (context: SourceContext) => Promise<void>): Source =>
  defineSource({ name: 'file', run });
const deaf = defineHandler({ name: 'deaf', on: { 'acme.*': () => {} } });

describe('a source', () => {
  it('is counted by new, known, rejected, unknown and misfit incidents', async () => {
    const dispatcher = await open([deaf]);
    const outcome = await dispatcher.run(
      source(async ({ report, reject }) => {
        await report(incidents(3));
        await report(incidents(5));
        await reject({ file: '-', offset: 10, length: 3, reason: 'no JSON' });
        await report([incidentOf(6, 'dionaea.download.offer', { url: 7 })]);
        await report([incidentOf(7, 'dionaea.download.offer', { url: 'http://192.0.2.1/' })]);
      }),
    );
    expect(outcome).toEqual({ accepted: 7, known: 3, rejected: 1, misfits: 1, unknown: 5 });
    expect(await dispatcher.drain()).toEqual([]);
  });

  it('is disconnected with the reason after a temporary error, running again in the next run, and failed after any other error', async () => {
    const dispatcher = await open([deaf]);
    const seen: unknown[] = [];
    const look = () => seen.push([dispatcher.sources()[0]?.state, dispatcher.sources()[0]?.failure]);
    let failure = temporary('the server is down');
    const failing = source(async () => {
      look();
      throw failure;
    });
    await expect(dispatcher.run(failing)).rejects.toThrow('the server is down');
    look();
    failure = new Error('a bug');
    await expect(dispatcher.run(failing)).rejects.toThrow('a bug');
    look();
    expect(seen).toEqual([
      ['running', undefined],
      ['disconnected', 'the server is down'],
      ['running', undefined],
      ['failed', 'a bug'],
    ]);
  });

  it('gets a context, and reports its progress', async () => {
    const seen: unknown[] = [];
    const dispatcher = await open([deaf], { now: () => 7 });
    const onProgress = vi.fn();
    await dispatcher.run(
      source(async ({ sensor, now, signal, report, progress }) => {
        seen.push(sensor, now(), signal.aborted);
        await report(incidents(2));
        progress({ done: 5, total: 10 });
      }),
      { onProgress },
    );
    expect(seen).toEqual(['pot', 7, false]);
    expect(onProgress.mock.calls).toEqual([
      [{ done: 5, total: 10, accepted: 2, known: 0, rejected: 0, misfits: 0, unknown: 2 }],
    ]);
  });

  it('knows that a report is durable when it resolves', async () => {
    const disk = createDisk();
    const goOn = createSignal();
    const dispatcher = await open([], { journal: disk.journal(() => goOn.promise) });
    let acknowledged = false;
    const running = dispatcher.run(
      source(async ({ report }) => {
        await report(incidents(1));
        acknowledged = true;
        expect(disk.log).toHaveLength(1);
      }),
    );
    await new Promise(setImmediate);
    expect(acknowledged).toBe(false);
    goOn.give();
    await running;
    expect(acknowledged).toBe(true);
  });

  it('continues when its invalid input is stored', async () => {
    const kept: unknown[] = [];
    const dispatcher = await open([deaf], {
      async onReject(name, reject) {
        await new Promise(setImmediate);
        kept.push([name, reject]);
      },
    });
    const reject: Reject = { file: '/a', offset: 10, length: 3, reason: 'no JSON', text: 'xyz' };
    await dispatcher.run(
      source(async (context) => {
        await context.reject(reject);
        expect(kept).toEqual([['file', reject]]);
      }),
    );
  });

  it('has its invalid input logged, without the text, when it is not stored', async () => {
    const warn = vi.fn();
    const log = { warn, error() {}, info() {}, debug() {} };
    const dispatcher = await open([deaf], { log: () => log });
    await dispatcher.run(
      source(({ reject }) =>
        reject({ file: '/a', offset: 10, length: 3, reason: 'no JSON', text: '\u001b[2J' }),
      ),
    );
    expect(warn).toHaveBeenCalledWith(
      expect.any(String),
      expect.objectContaining({ file: '/a', offset: 10, reason: 'no JSON' }),
    );
    expect(JSON.stringify(warn.mock.calls)).not.toContain('[2J');
  });

  it('ends alone when it throws', async () => {
    const dispatcher = await open([deaf]);
    const broken = source(async ({ report }) => {
      await report(incidents(1));
      throw new Error('the port is taken');
    });
    await expect(dispatcher.run(broken)).rejects.toThrow('the port is taken');
    await handle(dispatcher, [incidentOf(2)]);
    expect(statusOf(dispatcher, 'deaf').counts.delivered).toBe(2);
  });

  it('gets an error for an invalid incident id, and nothing of that batch is accepted', async () => {
    const dispatcher = await open([deaf]);
    const wrong = source(({ report }) => report([incidentOf(1), { ...incidentOf(2), id: 'no id' }]));
    await expect(dispatcher.run(wrong)).rejects.toThrow(code('INCIDENT_INVALID'));
    await handle(dispatcher, incidents(2));
    expect(statusOf(dispatcher, 'deaf').counts.delivered).toBe(2);
  });

  it('of an unknown contract is not run', async () => {
    const dispatcher = await open([deaf]);
    const foreign = { ...source(async () => {}), contract: 2 };
    // What TypeScript forbids, plain JavaScript tries.
    await expect(dispatcher.run(foreign as unknown as Source)).rejects.toThrow(code('CONTRACT_UNKNOWN'));
    expect(source(async () => {}).contract).toBe(CONTRACT);
  });

  it.each<[string, (stop: AbortController) => RunOptions]>([
    ['when its signal aborts', ({ signal }) => ({ signal })],
    ['when the dispatcher closes', () => ({})],
  ])('ends %s', async (_, options) => {
    const dispatcher = await open([deaf]);
    const listening = createSignal();
    const stop = new AbortController();
    const port = source(async ({ report, signal }) => {
      await report(incidents(2));
      listening.give();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    const running = dispatcher.run(port, options(stop));
    await listening.promise;
    stop.abort();
    await dispatcher.close();
    expect(await running).toMatchObject({ accepted: 2 });
  });
});

describe('a source that resumes', () => {
  const ask = async (dispatcher: Awaited<ReturnType<typeof open>>, stream = 's') => {
    let answer: number | undefined;
    await dispatcher.run(
      source(async ({ resumeAfter }) => {
        answer = await resumeAfter(stream);
      }),
    );
    return answer;
  };

  it('begins after the last appended incident when the journal is durable', async () => {
    const disk = createDisk();
    const first = await open([deaf], { journal: disk.journal() });
    expect(await ask(first)).toBeUndefined();
    await handle(first, incidents(7));
    await first.close();
    const second = await open([deaf], { journal: disk.journal() });
    expect(await ask(second)).toBe(7);
    expect(await ask(second, 'other')).toBeUndefined();
  });

  it('begins after the lowest checkpoint of the handlers when the file is the journal', async () => {
    const [ahead, behind] = [createKeeper(), createKeeper()];
    ahead.database = { rows: [], checkpoint: { s: 9 } };
    behind.database = { rows: [], checkpoint: { s: 4 } };
    const dispatcher = await open([ahead.handler, { handler: behind.handler, instance: 'behind' }]);
    expect(await ask(dispatcher)).toBe(4);
    await dispatcher.report([5, 6, 7, 8, 9, 10].map((n) => incidentOf(n)));
    expect(await dispatcher.drain()).toEqual([]);
    expect(ahead.database.rows).toEqual(['s:10']);
    expect(behind.database.rows).toHaveLength(6);
    expect(await ask(dispatcher)).toBe(10);
  });

  it.each<[string, Readonly<Record<string, number>>]>([
    ['has nothing of it', {}],
    ['has only another stream', { other: 4 }],
  ])('begins at the start when one of the handlers %s', async (_, checkpoint) => {
    const [ahead, other] = [createKeeper(), createKeeper()];
    ahead.database = { rows: [], checkpoint: { s: 9 } };
    other.database = { rows: [], checkpoint };
    const dispatcher = await open([ahead.handler, { handler: other.handler, instance: 'other' }]);
    expect(await ask(dispatcher)).toBeUndefined();
  });

  it('begins at the start when one of the handlers keeps no checkpoint', async () => {
    const ahead = createKeeper();
    ahead.database = { rows: [], checkpoint: { s: 9 } };
    expect(await ask(await open([ahead.handler, deaf]))).toBeUndefined();
  });

  it('asks for streams by name, whatever the name', async () => {
    const keeper = createKeeper();
    expect(await ask(await open([keeper.handler]), 'constructor')).toBeUndefined();
  });
});

describe('a source whose incidents are not accepted', () => {
  it('fails with the names of the handlers that make no progress', async () => {
    const stuck = defineHandler({
      name: 'stuck',
      on: {
        '*': () => {
          throw temporary('the disk is full', { retryAfter: 86_400_000 });
        },
      },
    });
    const journal = createMemoryJournal({ limit: 10 });
    const { dispatcher } = setUp([stuck, deaf], { journal, dataDir: newFolder() });
    await dispatcher.start();
    const flood = source(async ({ report }) => {
      for (let n = 1; n < 100; n += 1) await report([incidentOf(n)]);
    });
    const running = dispatcher.run(flood, { stalledAfter: 20 });
    await expect(running).rejects.toThrow(code('STALLED'));
    await expect(running).rejects.toThrow('stuck: the disk is full');
    await expect(running).rejects.not.toThrow('deaf:');
  });

  it('continues while a handler makes progress', async () => {
    const slow = defineHandler({ name: 'slow', on: { '*': () => new Promise(setImmediate) } });
    const dispatcher = await open([slow], { journal: createMemoryJournal({ limit: 5 }) });
    const flood = source(async ({ report }) => {
      for (let n = 1; n <= 100; n += 1) await report([incidentOf(n)]);
    });
    expect(await dispatcher.run(flood, { stalledAfter: 5000 })).toMatchObject({ accepted: 100 });
    expect(await dispatcher.drain()).toEqual([]);
  });
});
