// Bugs in the history of cowrie that concern failures: the commit, and the bug.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { defineHandler, type Handler, type Log, silentLog } from '@ihandler/core';
import { incident, incidents, recordIncidents } from '@ihandler/testkit';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { hostOf, temporaryFolder } from '../support/regressions/hosting.ts';

describe('e099d2c8, 3a20aad0: unhandled failures of asynchronous work ended the process', () => {
  it('a handler cannot cause an unhandled rejection or stop other handlers', async () => {
    const leftOver: unknown[] = [];
    const onLeftOver = (error: unknown) => void leftOver.push(error);
    process.on('unhandledRejection', onLeftOver);
    onTestFinished(() => void process.off('unhandledRejection', onLeftOver));

    const fail = async (): Promise<never> => {
      await wait(1);
      throw new Error('late');
    };
    const everywhere = defineHandler({
      name: 'everywhere',
      on: { '*': fail },
      start: () => undefined,
      close: fail,
      reopen: fail,
      forget: fail,
      counters: () => {
        throw new Error('counters');
      },
    });
    const writing = defineHandler({
      name: 'writing',
      accepts: ['*'],
      write: fail,
      checkpoint: fail,
      close: fail,
    });
    const starting = defineHandler({ name: 'starting', on: { '*': () => undefined }, start: fail });
    let letFail = () => {};
    const closed = new Promise<void>((resolve) => {
      letFail = resolve;
    });
    const hanging = defineHandler({
      name: 'hanging',
      on: {
        async '*'() {
          await closed;
          throw new Error('after the end');
        },
      },
    });
    const reporting = defineHandler({
      name: 'reporting',
      on: {
        '*': (_, context) => {
          // Not declared in "reports", and not awaited.
          void context.report('acme.undeclared', {});
        },
      },
    });
    const seen = recordIncidents();
    const host = hostOf(temporaryFolder(), [everywhere, writing, starting, hanging, reporting, seen]);
    await host.start();
    await host.report(incidents(3, 'dionaea.connection.tcp.accept'));
    await vi.waitFor(() => expect(seen.find('dionaea.connection.tcp.accept')).toHaveLength(3), 20_000);
    await host.reopen().catch(() => undefined); // it may reject because of failed handlers
    await host.forget(['198.51.100.0/24']).catch(() => undefined); // the same
    host.status();
    await host.close({ within: 20 });
    letFail();
    // Node reports unhandled rejections at the end of a turn of the event loop.
    await wait(20);
    expect(leftOver).toEqual([]);
  });
});

/** Values other than errors that JavaScript can throw. */
const thrown: Readonly<Record<string, () => unknown>> = {
  nothing: () => undefined,
  null: () => null,
  'an empty text': () => '',
  'a symbol': () => Symbol('no'),
  'an object without a prototype': () => Object.create(null),
  'an object that cannot be converted to text': () => ({
    toString() {
      throw new Error('no');
    },
  }),
  'an error without a message': () => new Error(),
  'an error whose message cannot be read': () =>
    Object.defineProperty(new Error('x'), 'message', {
      get() {
        throw new Error('no');
      },
    }),
  'an error that is its own cause': () => {
    const error = new Error('round');
    error.cause = error;
    return error;
  },
  'a proxy that refuses everything': () =>
    new Proxy(
      {},
      {
        get() {
          throw new Error('no');
        },
        getPrototypeOf() {
          throw new Error('no');
        },
      },
    ),
};

describe('cbcddc9f: the report of an error failed itself and hid the cause', () => {
  it.each(Object.entries(thrown))(
    'a handler may throw %s: it is reported, and the next incident is delivered',
    async (_, make) => {
      const reported: unknown[] = [];
      const log: Log = { ...silentLog, error: (message, details) => void reported.push([message, details]) };
      const came: string[] = [];
      const thrower = defineHandler({
        name: 'thrower',
        on: {
          'dionaea.*'({ id }) {
            came.push(id);
            if (id === 'test:1') throw make();
          },
        },
      });
      const seen = recordIncidents();
      const host = hostOf(temporaryFolder(), [thrower, seen], { log: () => log });
      await host.start();
      await host.report(incidents(2, 'dionaea.connection.tcp.accept'));
      expect(await host.drain()).toEqual([]);
      const [status] = host.status();
      await host.close();
      expect(came).toEqual(['test:1', 'test:1', 'test:2']);
      expect(status?.counts).toMatchObject({ delivered: 1, dead: 1 });
      expect(seen.find('ihandler.handler.failed')).toMatchObject([
        { data: { instance: 'thrower', incident: 'test:1', message: expect.any(String) } },
      ]);
      expect(reported.length).toBeGreaterThan(0);
    },
  );
});

describe('0e41315d: a plugin got events before it had started and after it had stopped', () => {
  it('a handler gets every incident between its start and its close, and no others', async () => {
    const calls: string[] = [];
    const inOrder = (name: string): Handler =>
      defineHandler({
        name,
        async start() {
          await wait(20);
          calls.push(`${name} started`);
        },
        on: {
          async 'dionaea.*'({ id }) {
            await wait(1);
            calls.push(`${name} ${id}`);
          },
        },
        close: () => void calls.push(`${name} closed`),
      });
    const host = hostOf(temporaryFolder(), [inOrder('a'), inOrder('b')]);
    const started = host.start();
    await started;
    await host.report(incidents(3, 'dionaea.connection.tcp.accept'));
    await host.drain();
    await host.close();
    for (const name of ['a', 'b'])
      expect(calls.filter((call) => call.startsWith(name))).toEqual([
        `${name} started`,
        ...['test:1', 'test:2', 'test:3'].map((id) => `${name} ${id}`),
        `${name} closed`,
      ]);
    // Handlers close in reverse order of their start.
    expect(calls.slice(-2)).toEqual(['b closed', 'a closed']);
  });

  it('an incident without a connection is delivered like any other', async () => {
    const seen = recordIncidents();
    const host = hostOf(temporaryFolder(), [seen]);
    await host.start();
    await host.report([incident('acme.sensor.hot', {}, { id: 's:1' })]);
    await host.drain();
    await host.close();
    expect(seen.find('acme.*')).toHaveLength(1);
  });
});

describe('c7824dd9: stopping a plugin that had never started ended the shutdown', () => {
  it('only started handlers are closed, and the shutdown completes', async () => {
    const closed: string[] = [];
    const handlerOf = (name: string, starts: boolean): Handler =>
      defineHandler({
        name,
        start() {
          if (!starts) throw new Error('not today');
        },
        on: { '*': () => undefined },
        close() {
          closed.push(name);
          if (name === 'clumsy') throw new Error('not closed');
        },
      });
    const handlers = [handlerOf('first', true), handlerOf('never', false), handlerOf('clumsy', true)];
    const host = hostOf(join(temporaryFolder()), handlers);
    await host.start();
    await host.close();
    await host.close();
    expect(closed).toEqual(['clumsy', 'first']);
  });
});
