import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  createSignal,
  handle,
  ids,
  incidents,
  newFolder,
  open,
  setUp,
  statusOf,
} from './__fixtures__/delivery.ts';
import { createDisk } from './__fixtures__/disk.ts';
import { createDispatcher, type HandlerEntry } from './dispatcher.ts';
import { IhandlerError } from './error.ts';
import { CONTRACT, defineHandler, type Handler, type HandlerContext, type MaybePromise } from './handler.ts';
import { createMemoryJournal } from './memory-journal.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

/** A handler whose starts and closes are written down. */
function witness(name: string, events: string[], start: () => MaybePromise<void> = () => {}): Handler {
  return defineHandler({
    name,
    on: { '*': () => {} },
    async start() {
      events.push(`start ${name}`);
      await start();
    },
    close: () => void events.push(`close ${name}`),
  });
}

describe('start', () => {
  it('lends each instance a folder of its own, which exists, and what it needs', async () => {
    const contexts: HandlerContext[] = [];
    const handler = defineHandler({
      name: 'one',
      on: {},
      start(context) {
        expect(existsSync(context.dataDir)).toBe(true);
        contexts.push(context);
      },
    });
    const dataDir = newFolder();
    const fetch = async () => new Response();
    const options = { dataDir, fetch, now: () => 7, journal: createDisk().journal() };
    await open([handler, { handler, instance: 'two' }], options);
    expect(contexts).toMatchObject([
      { instance: 'one', sensor: 'pot', dataDir: join(dataDir, 'one'), durable: true },
      { instance: 'two', dataDir: join(dataDir, 'two') },
    ]);
    expect(contexts[0]?.fetch).toBe(fetch);
    expect(contexts[0]?.now()).toBe(7);
    expect(contexts[0]?.signal.aborted).toBe(false);
  });

  it('ends the program when only the user can help, after closing those that started, last first', async () => {
    const events: string[] = [];
    const wrong = witness('wrong', events, () => {
      throw new IhandlerError('OPTIONS_INVALID', 'there is no such folder');
    });
    const { dispatcher, journal } = setUp([witness('one', events), wrong, witness('two', events)]);
    await expect(dispatcher.start()).rejects.toThrow(code('OPTIONS_INVALID'));
    expect(events.slice(3)).toEqual(['close two', 'close one']);
    expect(() => journal.append([])).toThrow(code('LIFE_CYCLE'));
    await expect(dispatcher.report(incidents(1))).rejects.toThrow(code('LIFE_CYCLE'));
  });

  it('tells of all who cannot start together', async () => {
    const wrong = (name: string) =>
      witness(name, [], () => {
        throw new IhandlerError('OPTIONS_INVALID', `${name} is wrong`);
      });
    const { dispatcher } = setUp([wrong('one'), wrong('two')]);
    await expect(dispatcher.start()).rejects.toThrow('one is wrong\ntwo is wrong');
  });

  it('goes on without those that may start later, which are tried again', async () => {
    const events: string[] = [];
    let fails = true;
    const late = witness('late', events, () => {
      if (fails) throw new Error('no such host');
    });
    const dispatcher = await open([late, witness('there', events)], { retry: { base: 1, cap: 1 } });
    expect(statusOf(dispatcher, 'there').state).not.toBe('starting');
    await vi.waitFor(() => expect(events.length).toBeGreaterThan(4));
    expect(events).not.toContain('close late');
    fails = false;
    await handle(dispatcher, incidents(2));
    expect(statusOf(dispatcher, 'late').books.delivered).toBe(2);
    await dispatcher.close();
    expect(events.slice(-2)).toEqual(['close there', 'close late']);
  });

  it('closes a handler that started but cannot tell what it has stored, and starts it again', async () => {
    const events: string[] = [];
    let fails = true;
    const handler = defineHandler({
      name: 'one',
      accepts: ['*'],
      write() {},
      start: () => void events.push('start'),
      close: () => void events.push('close'),
      checkpoint() {
        if (!fails) return {};
        fails = false;
        throw new Error('the table is locked');
      },
    });
    const dispatcher = await open([handler]);
    await handle(dispatcher, incidents(1));
    await dispatcher.close();
    expect(events).toEqual(['start', 'close', 'start', 'close']);
  });

  it('happens once', async () => {
    const events: string[] = [];
    const { dispatcher } = setUp([witness('one', events)]);
    const [first, second] = await Promise.allSettled([dispatcher.start(), dispatcher.start()]);
    expect([first?.status, second?.status]).toEqual(['fulfilled', 'rejected']);
    await expect(dispatcher.start()).rejects.toThrow(code('LIFE_CYCLE'));
    expect(events).toEqual(['start one']);
  });

  it('may be tried again when the journal did not open', async () => {
    let fails = true;
    const inner = createMemoryJournal();
    const journal = {
      ...inner,
      open: () => {
        if (fails) throw new IhandlerError('JOURNAL_BUSY', 'somebody else writes it');
        return inner.open();
      },
    };
    const { dispatcher } = setUp([witness('one', [])], { journal });
    await expect(dispatcher.start()).rejects.toThrow(code('JOURNAL_BUSY'));
    fails = false;
    await dispatcher.start();
    await handle(dispatcher, incidents(1));
  });

  it('comes before reports', async () => {
    const { dispatcher } = setUp([witness('one', [])]);
    await expect(dispatcher.report(incidents(1))).rejects.toThrow(code('LIFE_CYCLE'));
  });

  it('is too late after close', async () => {
    const { dispatcher } = setUp([witness('one', [])]);
    await dispatcher.close();
    await expect(dispatcher.start()).rejects.toThrow(code('LIFE_CYCLE'));
  });
});

describe('close', () => {
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
    expect(dispatcher.status().map(({ state }) => state)).toEqual(['closed', 'closed']);
  });

  it('is what disposing does', async () => {
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
    expect(statusOf(dispatcher, 'one').waiting).toBe(4);
  });

  it('leaves alone what does not end, closes the others and says so', async () => {
    const [reached, never] = [createSignal(), createSignal()];
    const events: string[] = [];
    const error = vi.fn();
    const log = { error, critical() {}, warning() {}, message() {}, info() {}, debug() {} };
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
    expect(error).toHaveBeenCalledWith(expect.stringContaining('left alone'), { instance: 'hung' });
    expect(statusOf(dispatcher, 'hung').state).toBe('working');
    never.give();
  });

  it('does not wait for ever for a handler that does not close', async () => {
    const events: string[] = [];
    const hung = defineHandler({ name: 'hung', on: { '*': () => {} }, close: () => new Promise(() => {}) });
    const dispatcher = await open([witness('one', events), hung]);
    await dispatcher.close({ within: 5 });
    expect(events).toEqual(['start one', 'close one']);
  });

  it('closes the others when one does not close well', async () => {
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
    expect(await draining).toMatchObject([{ instance: 'failing', waiting: 1 }]);
  });
});

describe('drain', () => {
  it('says who is behind when nobody has moved on for so long, and may be ended', async () => {
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
    expect(await dispatcher.drain({ stalledAfter: 5 })).toMatchObject([{ instance: 'slow', waiting: 3 }]);
    const ended = new AbortController();
    const draining = dispatcher.drain({ signal: ended.signal });
    ended.abort();
    expect(await draining).toMatchObject([{ instance: 'slow' }]);
    goOn.give();
    expect(await dispatcher.drain()).toEqual([]);
  });
});

describe('reopen', () => {
  it('asks every handler that has started', async () => {
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

describe('handlers that cannot be run together', () => {
  const sound = defineHandler({ name: 'sound', on: { '*': () => {} } });
  // What TypeScript forbids, plain JavaScript tries.
  const forged = (handler: unknown) => ({ handler }) as HandlerEntry;

  it.each<[string, string, readonly HandlerEntry[]]>([
    ['two of one name', 'Two handlers are named sound', [{ handler: sound }, { handler: sound }]],
    ['a name that leaves the data folder', 'found "../x"', [{ handler: sound, instance: '../x' }]],
    ['a name that is the data folder', 'found ".."', [{ handler: sound, instance: '..' }]],
    ['an empty name', 'found ""', [{ handler: sound, instance: '' }]],
    ['a name with a slash, which ids could not hold', 'found "a/b"', [{ handler: sound, instance: 'a/b' }]],
    ['nothing', 'Expected a handler, found undefined', [forged(undefined)]],
    ['a factory that was not called', 'Expected a handler, found function', [forged(() => sound)]],
    ['a handler that gets nothing', 'found neither', [forged({ contract: CONTRACT, name: 'none' })]],
    [
      'a listener that is no function',
      'the listener of "acme.*", found number',
      [forged({ ...sound, on: { 'acme.*': 7 } })],
    ],
    [
      'a write that is no function',
      '"write", found number',
      [forged({ ...sound, accepts: ['*'], write: 7 })],
    ],
    ['globs that are no text', 'found 7', [forged({ ...sound, accepts: [7], write: () => {} })]],
  ])('are refused: %s', (_, message, handlers) => {
    const create = () =>
      createDispatcher({ journal: createMemoryJournal(), handlers, sensor: 'pot', dataDir: '.' });
    expect(create).toThrow(code('HANDLER_INVALID'));
    expect(create).toThrow(message);
  });

  it.each([
    ['HANDLER_INVALID', { ...sound, name: 'a b' }, {}],
    ['CONTRACT_UNKNOWN', { ...sound, contract: 2 }, {}],
    ['GLOB_INVALID', { ...sound, on: { 'acme.{a,b}': () => {} } }, {}],
    ['GLOB_INVALID', sound, { only: ['acme/*'] }],
    ['GLOB_INVALID', sound, { except: [''] }],
  ])('are refused with %s', (expected, handler, filters) => {
    const entry = { ...forged(handler), ...filters };
    expect(() =>
      createDispatcher({ journal: createMemoryJournal(), handlers: [entry], sensor: 'pot', dataDir: '.' }),
    ).toThrow(code(expected));
  });
});
