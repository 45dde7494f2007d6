// Bugs of cowrie's history that were about failures: the commit, and what went wrong there.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { defineHandler, type Handler, type Log, silentLog } from '@ihandler/core';
import { incident, incidents, recordIncidents } from '@ihandler/testkit';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { hostOf, temporaryFolder } from '../support/regressions/hosting.ts';

describe('e099d2c8, 3a20aad0: failures of asynchronous work were nobody’s, and ended the process', () => {
  it('whatever a handler does, no rejection is left over, and the others go on', async () => {
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
          // Not declared in "reports", and nobody waits for it.
          void context.report('acme.undeclared', {});
        },
      },
    });
    const seen = recordIncidents();
    const host = hostOf(temporaryFolder(), [everywhere, writing, starting, hanging, reporting, seen]);
    await host.start();
    await host.report(incidents(3, 'dionaea.connection.tcp.accept'));
    await vi.waitFor(() => expect(seen.find('dionaea.connection.tcp.accept')).toHaveLength(3), 20_000);
    await host.reopen().catch(() => undefined); // it may tell of those that failed
    await host.forget(['198.51.100.0/24']).catch(() => undefined); // likewise
    host.status();
    await host.close({ within: 20 });
    letFail();
    // Rejections are told when the work of their turn of the event loop is done.
    await wait(20);
    expect(leftOver).toEqual([]);
  });
});

/** What may be thrown in JavaScript, beside errors. */
const thrown: Readonly<Record<string, () => unknown>> = {
  nothing: () => undefined,
  null: () => null,
  'an empty text': () => '',
  'a symbol': () => Symbol('no'),
  'an object without a prototype': () => Object.create(null),
  'an object that cannot be shown': () => ({
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

describe('cbcddc9f: whatever reported an error failed itself, so that nobody ever learned the cause', () => {
  it.each(Object.entries(thrown))(
    '%s may be thrown: it is told, and the next incident comes',
    async (_, make) => {
      const told: unknown[] = [];
      const log: Log = { ...silentLog, error: (message, details) => void told.push([message, details]) };
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
      expect(told.length).toBeGreaterThan(0);
    },
  );
});

describe('0e41315d: events came before a plugin had started and after it had ended', () => {
  it('a handler gets nothing before it has started and nothing after it closes, and all that came between', async () => {
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
    // The last to start is the first to close.
    expect(calls.slice(-2)).toEqual(['b closed', 'a closed']);
  });

  it('what concerns no connection is an incident like any other', async () => {
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
  it('only what has started is closed, and the rest of the shutdown goes on', async () => {
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
