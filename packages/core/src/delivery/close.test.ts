import { describe, expect, it, vi } from 'vitest';
import { defineHandler } from '../contract/handler.ts';
import { createSignal, ids, incidents, open, setUp, statusOf } from '../testing/delivery.ts';
import { witness } from '../testing/witness.ts';
import { createMemoryJournal } from './memory-journal.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('closing a dispatcher', () => {
  it('closes the handlers in reverse order, then the journal, once', async () => {
    const events: string[] = [];
    const inner = createMemoryJournal();
    const journal = {
      ...inner,
      close: () => {
        events.push('close journal');
        return inner.close();
      },
    };
    const dispatcher = await open([witness('one', events), witness('two', events)], { journal });
    await Promise.all([dispatcher.close(), dispatcher.close()]);
    await dispatcher.close();
    expect(events.slice(2)).toEqual(['close two', 'close one', 'close journal']);
    expect(dispatcher.status().map(({ state }) => state)).toEqual(['stopped', 'stopped']);
  });

  it('runs when the dispatcher is disposed', async () => {
    const events: string[] = [];
    {
      const { dispatcher } = setUp([witness('one', events)]);
      await using disposed = dispatcher;
      await disposed.start();
    }
    expect(events).toEqual(['start one', 'close one']);
  });

  it('aborts the signal of the handlers, lets the running delivery end and begins no other', async () => {
    const [reached, goOn] = [createSignal(), createSignal()];
    const heard: string[] = [];
    const aborted: boolean[] = [];
    const handler = defineHandler({
      name: 'one',
      accepts: ['*'],
      async write(batch, _checkpoint, { signal }) {
        reached.give();
        await goOn.promise;
        aborted.push(signal.aborted);
        heard.push(...batch.map(({ id }) => id));
      },
    });
    const { dispatcher, journal } = setUp([handler], { batch: 2 });
    await dispatcher.start();
    await dispatcher.report(incidents(6));
    await reached.promise;
    const closing = dispatcher.close();
    goOn.give();
    await closing;
    expect(heard).toEqual(ids(2));
    expect(aborted).toEqual([true]);
    expect((await journal.cursor('one'))?.position).toBe(2);
    expect(statusOf(dispatcher, 'one').pending).toBe(4);
  });

  it('abandons a delivery that does not end, closes the other handlers and logs it', async () => {
    const [reached, never] = [createSignal(), createSignal()];
    const events: string[] = [];
    const error = vi.fn();
    const log = { error, warn() {}, info() {}, debug() {} };
    const hung = defineHandler({
      name: 'hung',
      on: {
        '*': () => {
          reached.give();
          return never.promise;
        },
      },
      close: () => void events.push('close hung'),
    });
    const dispatcher = await open([witness('one', events), hung], { log: () => log });
    await dispatcher.report(incidents(1));
    await reached.promise;
    await dispatcher.close({ within: 5 });
    expect(events).toEqual(['start one', 'close one']);
    expect(error).toHaveBeenCalledWith(expect.stringContaining('abandoning'), { instance: 'hung' });
    expect(statusOf(dispatcher, 'hung').state).toBe('delivering');
    never.give();
  });

  it('does not wait for ever for a handler that does not close', async () => {
    const events: string[] = [];
    const hung = defineHandler({ name: 'hung', on: { '*': () => {} }, close: () => new Promise(() => {}) });
    const dispatcher = await open([witness('one', events), hung]);
    await dispatcher.close({ within: 5 });
    expect(events).toEqual(['start one', 'close one']);
  });

  it('closes the other handlers when the close of one fails', async () => {
    const events: string[] = [];
    const broken = defineHandler({
      name: 'broken',
      on: { '*': () => {} },
      close() {
        throw new Error('the disk is full');
      },
    });
    const dispatcher = await open([witness('one', events), broken, witness('two', events)]);
    await dispatcher.close();
    expect(events.slice(2)).toEqual(['close two', 'close one']);
  });

  it('closes a handler that was still starting', async () => {
    const events: string[] = [];
    const [starting, goOn] = [createSignal(), createSignal()];
    const slow = witness('slow', events, () => {
      starting.give();
      return goOn.promise;
    });
    const { dispatcher } = setUp([slow]);
    const started = dispatcher.start();
    await starting.promise;
    const closing = dispatcher.close({ within: 60_000 });
    goOn.give();
    await Promise.all([started, closing]);
    expect(events).toEqual(['start slow', 'close slow']);
  });

  it('ends a start that waits for its journal', async () => {
    const events: string[] = [];
    const [opening, goOn] = [createSignal(), createSignal()];
    const inner = createMemoryJournal();
    const journal = {
      ...inner,
      async open() {
        opening.give();
        await goOn.promise;
        await inner.open();
      },
    };
    const { dispatcher } = setUp([witness('one', events)], { journal });
    const started = dispatcher.start();
    await opening.promise;
    const closing = dispatcher.close();
    goOn.give();
    await expect(started).rejects.toThrow(code('LIFE_CYCLE'));
    await closing;
    expect(events).toEqual([]);
    expect(() => journal.append([])).toThrow(code('LIFE_CYCLE'));
  });

  it('ends drain and the wait for a retry', async () => {
    const failing = defineHandler({
      name: 'failing',
      on: {
        '*': () => {
          throw Object.assign(new Error('busy'), { retryAfter: 86_400_000 });
        },
      },
    });
    const dispatcher = await open([failing]);
    await dispatcher.report(incidents(1));
    const draining = dispatcher.drain();
    await dispatcher.close();
    expect(await draining).toMatchObject([{ instance: 'failing', pending: 1 }]);
  });
});

describe('draining a dispatcher', () => {
  it('returns the lanes that made no progress in time, and ends when its signal aborts', async () => {
    const [reached, goOn] = [createSignal(), createSignal()];
    const slow = defineHandler({
      name: 'slow',
      on: {
        '*': () => {
          reached.give();
          return goOn.promise;
        },
      },
    });
    const dispatcher = await open([slow, defineHandler({ name: 'fast', on: { '*': () => {} } })]);
    await dispatcher.report(incidents(3));
    await reached.promise;
    expect(await dispatcher.drain({ stalledAfter: 5 })).toMatchObject([{ instance: 'slow', pending: 3 }]);
    const ended = new AbortController();
    const draining = dispatcher.drain({ signal: ended.signal });
    ended.abort();
    expect(await draining).toMatchObject([{ instance: 'slow' }]);
    goOn.give();
    expect(await dispatcher.drain()).toEqual([]);
  });
});

describe('reopening', () => {
  it('calls reopen of every started handler', async () => {
    const reopened: string[] = [];
    const handler = (name: string) =>
      defineHandler({ name, on: { '*': () => {} }, reopen: () => void reopened.push(name) });
    const broken = defineHandler({
      ...handler('broken'),
      start() {
        throw new Error('not yet');
      },
    });
    const dispatcher = await open([handler('one'), broken, handler('two')], { retry: { base: 86_400_000 } });
    await dispatcher.reopen();
    expect(reopened).toEqual(['one', 'two']);
  });
});
