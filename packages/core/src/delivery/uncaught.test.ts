import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defineHandler } from '../contract/handler.ts';
import { defineSource } from '../contract/source.ts';
import { handle, incidentOf, incidents, open, statusOf } from '../testing/delivery.ts';
import type { Dispatcher } from './dispatcher-options.ts';

/** Errors that nothing has caught go to this dispatcher, as the program does it. */
let dispatcher: Dispatcher | undefined;
const strays: unknown[] = [];
const onError = (error: unknown) => {
  if (dispatcher?.uncaught(error) === undefined) strays.push(error);
};
const events = ['uncaughtException', 'unhandledRejection'] as const;
/** The listeners of the test runner, which would fail the run. */
let others: Map<(typeof events)[number], readonly ((...given: unknown[]) => void)[]>;

beforeEach(() => {
  others = new Map(
    // Safe: both events call their listeners with the error first.
    events.map((event) => [event, process.listeners(event as 'uncaughtException') as (() => void)[]]),
  );
  for (const event of events) process.removeAllListeners(event).on(event, onError);
  strays.length = 0;
});
afterEach(() => {
  for (const [event, listeners] of others) {
    process.removeAllListeners(event);
    for (const listener of listeners) process.on(event, listener);
  }
});

const boom = () => new Error('boom');

/** What escapes from a handler, and how. */
const escapes: readonly (readonly [string, () => void])[] = [
  ['a rejected promise', () => void Promise.reject(boom())],
  ['an exception after an await', () => void Promise.resolve().then(() => Promise.reject(boom()))],
  [
    'an exception in a timer',
    () =>
      void setTimeout(() => {
        throw boom();
      }, 1),
  ],
  [
    'an error event without a listener',
    () => void setTimeout(() => new EventEmitter().emit('error', boom()), 1),
  ],
  [
    'an exception in nextTick',
    () =>
      process.nextTick(() => {
        throw boom();
      }),
  ],
];

describe('an error that a handler has not caught', () => {
  it.each(escapes)('is its failure, and the others continue: %s', async (_, leave) => {
    const heard: string[] = [];
    const bad = defineHandler({ name: 'bad', on: { 'acme.*': () => leave() } });
    const good = defineHandler({ name: 'good', on: { 'acme.*': ({ id }) => void heard.push(id) } });
    const all = await open([bad, good]);
    dispatcher = all;
    await handle(all, incidents(3));
    await vi.waitFor(() =>
      expect(statusOf(all, 'bad').uncaught).toMatchObject({ count: 3, last: expect.stringMatching(/^boom/) }),
    );
    expect(heard).toHaveLength(3);
    expect(statusOf(all, 'good')).not.toHaveProperty('uncaught');
    expect(strays).toEqual([]);
  });

  it('fails the delivery in which it began, which is retried', async () => {
    let calls = 0;
    const heard: string[] = [];
    const bad = defineHandler({
      name: 'bad',
      on: {
        'acme.*': ({ id }) => {
          calls += 1;
          if (calls > 1) return void heard.push(id);
          return new Promise<void>(() => {
            setTimeout(() => {
              throw new Error('boom');
            }, 1);
          });
        },
      },
    });
    const all = await open([bad]);
    dispatcher = all;
    await handle(all, incidents(2));
    expect(heard).toEqual(['s:1', 's:2']);
    expect(statusOf(all, 'bad')).toMatchObject({ counts: { delivered: 2, dead: 0 }, uncaught: { count: 1 } });
  });

  it('moves the incident to the dead letters when it occurs each time, and only that one', async () => {
    const heard: string[] = [];
    const bad = defineHandler({
      name: 'bad',
      accepts: ['acme.*'],
      async write(batch) {
        if (batch.some(({ id }) => id === 's:2')) {
          Promise.reject(new Error('boom')).finally(() => undefined);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        heard.push(...batch.map(({ id }) => id));
      },
    });
    const all = await open([bad]);
    dispatcher = all;
    await handle(all, incidents(3));
    expect(statusOf(all, 'bad').counts).toMatchObject({ delivered: 2, dead: 1 });
  });

  it('belongs to the handler whose code began it in start, also when another one delivers', async () => {
    const bad = defineHandler({
      name: 'bad',
      on: {},
      start() {
        setTimeout(() => {
          throw new Error('boom');
        }, 20);
      },
    });
    const slow = defineHandler({
      name: 'slow',
      on: { 'acme.*': () => new Promise<void>((resolve) => setTimeout(resolve, 60)) },
    });
    const all = await open([bad, slow]);
    dispatcher = all;
    await handle(all, incidents(1));
    expect(statusOf(all, 'bad').uncaught?.count).toBe(1);
    expect(statusOf(all, 'slow')).not.toHaveProperty('uncaught');
    expect(statusOf(all, 'slow').counts).toMatchObject({ delivered: 1, dead: 0 });
  });

  it('may be any value', async () => {
    const values = [
      null,
      undefined,
      'text',
      7,
      Object.freeze(new Error('frozen')),
      new Error('x'.repeat(1e6)),
    ];
    const bad = defineHandler({
      name: 'bad',
      on: { 'acme.*': () => values.forEach((value) => void Promise.reject(value)) },
    });
    const all = await open([bad]);
    dispatcher = all;
    await handle(all, incidents(1));
    await vi.waitFor(() => expect(statusOf(all, 'bad').uncaught?.count).toBe(values.length));
    expect(strays).toEqual([]);
  });

  it('is attributed by its stack when it began in a microtask, which loses the context', async () => {
    const bad = defineHandler({
      name: 'bad',
      on: {
        'acme.*': () =>
          queueMicrotask(() => {
            const error = new Error('boom');
            error.stack = 'Error: boom\n    at /opt/bad/index.js:3:1';
            throw error;
          }),
      },
    });
    const other = defineHandler({ name: 'other', on: {} });
    const all = await open([
      { handler: other, location: '/opt/ba' },
      { handler: bad, location: '/opt/bad' },
    ]);
    dispatcher = all;
    await handle(all, incidents(1));
    await vi.waitFor(() => expect(statusOf(all, 'bad').uncaught?.count).toBe(1));
    expect(strays).toEqual([]);
  });
});

describe('an error that a source has not caught', () => {
  it('ends its run, after the source has closed', async () => {
    let isClosed = false;
    const source = defineSource({
      name: 'bad-source',
      async run({ signal, report }) {
        await report([incidentOf(1)]);
        setTimeout(() => {
          throw new Error('boom');
        }, 5);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        isClosed = true;
      },
    });
    const heard: string[] = [];
    const all = await open([
      defineHandler({ name: 'good', on: { 'acme.*': ({ id }) => void heard.push(id) } }),
    ]);
    dispatcher = all;
    await expect(all.run(source)).rejects.toThrow('boom');
    expect(isClosed).toBe(true);
    expect(all.sources()).toMatchObject([{ state: 'failed', failure: 'boom' }]);
    expect(heard).toEqual(['s:1']);
    expect(strays).toEqual([]);
  });

  it('is not that of a handler, nor of the host, whose functions it calls', async () => {
    let owner: unknown = 'none';
    const handler = defineHandler({
      name: 'good',
      on: {
        'acme.*': async () => {
          await null;
          owner = dispatcher?.running();
        },
      },
    });
    const all = await open([handler]);
    dispatcher = all;
    await handle(all, incidents(1));
    expect(owner).toEqual({ instance: 'good', position: 1 });
    expect(all.running()).toBeUndefined();
    const stray = new Error('of the host');
    expect(all.uncaught(stray)).toBeUndefined();
  });
});

describe('a paused handler', () => {
  it('gets nothing until it is resumed, and then everything from its position', async () => {
    const heard: string[] = [];
    const paused = defineHandler({ name: 'paused', on: { 'acme.*': ({ id }) => void heard.push(id) } });
    const all = await open([{ handler: paused, paused: 'it blocked the program' }]);
    await all.report(incidents(3));
    expect(await all.drain()).toEqual([]);
    expect(statusOf(all, 'paused')).toMatchObject({ state: 'paused', failure: 'it blocked the program' });
    await expect(all.retryDeadLetters('paused')).rejects.toThrow('paused is paused: resume it first.');
    await expect(all.resume('unknown')).rejects.toMatchObject({ code: 'HANDLER_INVALID' });
    await all.resume('paused');
    await vi.waitFor(() => expect(statusOf(all, 'paused').state).toBe('live'));
    await handle(all, [incidentOf(4)]);
    expect(heard.at(-1)).toBe('s:4');
  });
});
