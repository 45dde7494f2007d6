import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { IhandlerError } from '../contract/error.ts';
import { defineHandler, type HandlerContext } from '../contract/handler.ts';
import { handle, incidents, newFolder, open, setUp, statusOf } from '../testing/delivery.ts';
import { createDisk } from '../testing/disk.ts';
import { witness } from '../testing/witness.ts';
import { createMemoryJournal } from './memory-journal.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('starting a dispatcher', () => {
  it('shows why a handler cannot do its own work, since it says so, and survives one that throws', async () => {
    let answer: () => { reason: string; since: number } | undefined = () => undefined;
    const handler = defineHandler({ name: 'one', on: {}, problem: () => answer() });
    const dispatcher = await open([handler]);
    expect(statusOf(dispatcher, 'one').failure).toBeUndefined();
    answer = () => ({ reason: 'the server does not respond', since: 7 });
    expect(statusOf(dispatcher, 'one')).toMatchObject({
      state: 'live',
      failure: 'the server does not respond',
      failingSince: 7,
    });
    answer = () => {
      throw new Error('unknown');
    };
    expect(statusOf(dispatcher, 'one').failure).toBeUndefined();
  });

  it('gives each instance its context, with an existing folder of its own', async () => {
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

  it('rejects with an error that retries cannot fix, after closing the started handlers, last first', async () => {
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

  it.each([
    [undefined, 'starting'],
    [false, 'starting'],
    [true, undefined],
  ])(
    'retries a handler whose file cannot be used while the others run, unless failFast is %s',
    async (failFast, state) => {
      let isDamaged = true;
      const damaged = witness('damaged', [], () => {
        if (isDamaged) throw new IhandlerError('TARGET_UNREADABLE', 'its database is damaged');
      });
      const options = { retry: { base: 1, cap: 1 }, ...(failFast !== undefined && { failFast }) };
      const { dispatcher } = setUp([damaged, witness('other', [])], options);
      if (state === undefined) {
        await expect(dispatcher.start()).rejects.toThrow(code('TARGET_UNREADABLE'));
        return;
      }
      await dispatcher.start();
      await dispatcher.report(incidents(3));
      await vi.waitFor(() => expect(statusOf(dispatcher, 'other').counts.delivered).toBeGreaterThan(2));
      expect(statusOf(dispatcher, 'damaged')).toMatchObject({ state, failure: 'its database is damaged' });
      isDamaged = false;
      await dispatcher.drain();
      expect(statusOf(dispatcher, 'damaged').counts.delivered).toBe(3);
      await dispatcher.close();
    },
  );

  it('reports all handlers that cannot start together', async () => {
    const wrong = (name: string) =>
      witness(name, [], () => {
        throw new IhandlerError('OPTIONS_INVALID', `${name} is wrong`);
      });
    const { dispatcher } = setUp([wrong('one'), wrong('two')]);
    await expect(dispatcher.start()).rejects.toThrow('one is wrong\ntwo is wrong');
  });

  it('continues without handlers whose start fails, and retries them', async () => {
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
    expect(statusOf(dispatcher, 'late').counts.delivered).toBe(2);
    await dispatcher.close();
    expect(events.slice(-2)).toEqual(['close there', 'close late']);
  });

  it('closes a handler whose checkpoint cannot be read, and starts it again', async () => {
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

  it('is refused a second time', async () => {
    const events: string[] = [];
    const { dispatcher } = setUp([witness('one', events)]);
    const [first, second] = await Promise.allSettled([dispatcher.start(), dispatcher.start()]);
    expect([first?.status, second?.status]).toEqual(['fulfilled', 'rejected']);
    await expect(dispatcher.start()).rejects.toThrow(code('LIFE_CYCLE'));
    expect(events).toEqual(['start one']);
  });

  it('can be repeated when the journal did not open', async () => {
    let fails = true;
    const inner = createMemoryJournal();
    const journal = {
      ...inner,
      open: () => {
        if (fails) throw new IhandlerError('JOURNAL_BUSY', 'another process writes it');
        return inner.open();
      },
    };
    const { dispatcher } = setUp([witness('one', [])], { journal });
    await expect(dispatcher.start()).rejects.toThrow(code('JOURNAL_BUSY'));
    fails = false;
    await dispatcher.start();
    await handle(dispatcher, incidents(1));
  });

  it('is required before reports', async () => {
    const { dispatcher } = setUp([witness('one', [])]);
    await expect(dispatcher.report(incidents(1))).rejects.toThrow(code('LIFE_CYCLE'));
  });

  it('is refused after close', async () => {
    const { dispatcher } = setUp([witness('one', [])]);
    await dispatcher.close();
    await expect(dispatcher.start()).rejects.toThrow(code('LIFE_CYCLE'));
  });
});
