import {
  createDispatcher,
  createIncident,
  createMemoryJournal,
  IhandlerError,
  silentLog,
} from '@ihandler/core';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createWorld } from '../../testing/world.ts';
import type { LiveSource } from '../assembly/load-sources.ts';
import { superviseSources } from './supervise-sources.ts';

type Run = Parameters<ReturnType<LiveSource['make']>['run']>[0];

const untilStopped = ({ signal }: Run) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

/** Waits until something is as it is expected to be. */
const until = (expected: () => void) => vi.waitFor(expected, { timeout: 20_000, interval: 10 });

/** A source whose runs are these, one after the other; the last one goes on until it is told to stop. */
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
    dataDir: createWorld().folder,
  });
  onTestFinished(() => dispatcher.close());
  await dispatcher.start();
  const stop = new AbortController();
  const errors: unknown[] = [];
  const log = () => ({ ...silentLog, error: (_text: string, details = {}) => void errors.push(details) });
  const supervision = superviseSources(sources, { dispatcher, signal: stop.signal, log });
  return { supervision, stop, errors };
}

const report = (n: number) => (context: Run) =>
  context.report([createIncident({ id: `x:${n}`, origin: 'a.b', timestamp: 0, sensor: 's', data: {} })]);

describe('sources under supervision', () => {
  test('are run again after a failure and after an end, and counted over all runs', async () => {
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
        failure: 'it ended by itself',
        accepted: 2,
      }),
    );
    expect(supervision.status()[0]?.reportedAt).toBeDefined();
    await until(() => expect(thirdRuns).toBe(1));
    // It runs again, and has not shown yet that it works.
    expect(supervision.status()[0]).toMatchObject({ state: 'failed', accepted: 2 });
    expect(errors).toEqual([{ error: 'gone' }, { error: 'it ended by itself' }]);
    stop.abort();
    await supervision.done;
  });

  test('end the program when one throws as it starts what only the user can put right', async () => {
    const { supervision, stop } = await supervised(
      source('one', async () => {
        throw new IhandlerError('TARGET_UNREADABLE', 'The port is taken.');
      }),
      source('two'),
    );
    await expect(supervision.done).rejects.toThrow('The port is taken.');
    stop.abort();
  });

  test('stop when they are told to, also while one waits for its next try', async () => {
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
