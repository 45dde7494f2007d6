import {
  createDispatcher,
  createIncident,
  createMemoryJournal,
  IhandlerError,
  silentLog,
  temporary,
} from '@ihandler/core';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { LiveSource } from '../assembly/load-sources.ts';
import { createFolder } from '../testing/folder.ts';
import { superviseSources } from './supervise-sources.ts';

type Run = Parameters<ReturnType<LiveSource['make']>['run']>[0];

const untilStopped = ({ signal }: Run) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

/** Waits until an expectation holds. */
const until = (expected: () => void) => vi.waitFor(expected, { timeout: 20_000, interval: 10 });

/** A source whose runs are these, one after the other; the last one runs until it is stopped. */
function source(instance: string, ...runs: readonly ((context: Run) => Promise<void>)[]): LiveSource {
  let count = 0;
  return {
    instance,
    name: 'fixture',
    make: () => ({
      contract: 1,
      name: 'fixture',
      async run(context) {
        const own = runs[count];
        count += 1;
        if (own !== undefined) return own(context);
        await untilStopped(context);
      },
    }),
  };
}

async function supervised(...sources: readonly LiveSource[]) {
  const dispatcher = createDispatcher({
    journal: createMemoryJournal(),
    handlers: [],
    sensor: 's',
    dataDir: createFolder().folder,
  });
  onTestFinished(() => dispatcher.close());
  await dispatcher.start();
  const stop = new AbortController();
  const errors: unknown[] = [];
  const warnings: unknown[] = [];
  const log = () => ({
    ...silentLog,
    error: (_text: string, details = {}) => void errors.push(details),
    warn: (text: string, details = {}) => void warnings.push({ text, ...details }),
  });
  const supervision = superviseSources(sources, { dispatcher, signal: stop.signal, log });
  return { supervision, stop, errors, warnings };
}

const report = (n: number) => (context: Run) =>
  context.report([createIncident({ id: `x:${n}`, origin: 'a.b', timestamp: 0, sensor: 's', data: {} })]);

describe('sources under supervision', () => {
  test('are restarted after a failure and after an end, and counted over all runs', async () => {
    let thirdRuns = 0;
    const { supervision, stop, errors } = await supervised(
      source(
        'one',
        async (context) => {
          await report(1)(context);
          throw new Error('gone');
        },
        async (context) => {
          await report(2)(context);
        },
        async (context) => {
          thirdRuns += 1;
          await untilStopped(context);
        },
      ),
      source('two'),
    );
    await until(() =>
      expect(supervision.status()).toMatchObject([
        { instance: 'one', state: 'failed', failure: 'gone', accepted: 1 },
        { instance: 'two', state: 'running' },
      ]),
    );
    await until(() =>
      expect(supervision.status()[0]).toMatchObject({
        state: 'failed',
        failure: 'the source ended by itself',
        accepted: 2,
      }),
    );
    expect(supervision.status()[0]?.reportedAt).toBeDefined();
    await until(() => expect(thirdRuns).toBe(1));
    // It runs again, and has not proved yet that it works.
    expect(supervision.status()[0]).toMatchObject({ state: 'failed', accepted: 2 });
    expect(errors).toEqual([
      { error: 'gone', retry: '1 s' },
      { error: 'the source ended by itself', retry: '2 s' },
    ]);
    stop.abort();
    await supervision.done;
  });

  test('are disconnected, not failed, while a temporary error keeps them from running', async () => {
    const { supervision, stop, errors, warnings } = await supervised(
      source(
        'one',
        async () => {
          throw temporary('the server is down', { retryAfter: 500 });
        },
        async (context) => {
          await report(1)(context);
          await untilStopped(context);
        },
      ),
    );
    await until(() =>
      expect(supervision.status()).toMatchObject([{ state: 'disconnected', failure: 'the server is down' }]),
    );
    await until(() => expect(supervision.status()).toMatchObject([{ state: 'running', accepted: 1 }]));
    expect(errors).toEqual([]);
    expect(warnings).toEqual([
      { text: 'disconnected, reconnecting', error: 'the server is down', retry: '1 s' },
    ]);
    stop.abort();
    await supervision.done;
  });

  test('end the program when one fails at startup with an error that needs attention', async () => {
    const { supervision, stop } = await supervised(
      source('one', async () => {
        throw new IhandlerError('TARGET_UNREADABLE', 'The port is taken.');
      }),
      source('two'),
    );
    await expect(supervision.done).rejects.toThrow('The port is taken.');
    stop.abort();
  });

  test('stop on the signal, also during the delay before a restart', async () => {
    const { supervision, stop } = await supervised(
      source('one', async () => {
        throw new Error('gone');
      }),
      source('two'),
    );
    await until(() => expect(supervision.status()[0]).toMatchObject({ state: 'failed' }));
    stop.abort();
    await supervision.done;
    expect(supervision.status().map(({ state }) => state)).toEqual(['failed', 'ended']);
  });
});
