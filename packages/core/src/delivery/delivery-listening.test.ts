import { describe, expect, it, vi } from 'vitest';
import { permanent, temporary } from '../contract/error.ts';
import { defineHandler, type Handler, type Listener } from '../contract/handler.ts';
import { createSignal, handle, ids, incidentOf, incidents, open, statusOf } from '../testing/delivery.ts';

const listening = (name: string, listener: Listener, glob = '*'): Handler =>
  defineHandler({ name, on: { [glob]: listener } });

describe('a listening handler', () => {
  it('gets incidents that match its globs, in the order of the reports', async () => {
    const heard: string[] = [];
    const dispatcher = await open([listening('one', ({ id }) => void heard.push(id), 'acme.*.seen')]);
    await dispatcher.report([incidentOf(1), incidentOf(2, 'acme.thing.gone'), incidentOf(3)]);
    await handle(dispatcher, [incidentOf(4, 'acme.other.seen'), incidentOf(5, 'other.thing.seen')]);
    expect(heard).toEqual(['s:1', 's:3', 's:4']);
  });

  it('gets an incident in every listener that matches, in written order, before the next incident', async () => {
    const heard: string[] = [];
    const hear = (name: string) => async () => {
      await Promise.resolve();
      heard.push(name);
    };
    const handler = defineHandler({
      name: 'one',
      on: {
        'acme.*': hear('all'),
        'acme.thing.seen': hear('seen'),
        'other.*': hear('other'),
        '*': hear('*'),
      },
    });
    await handle(await open([handler]), incidents(2));
    expect(heard).toEqual(['all', 'seen', '*', 'all', 'seen', '*']);
  });

  it('gets the next incident when the promise for the one before has settled', async () => {
    let running = 0;
    let most = 0;
    const listener = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
    };
    await handle(await open([listening('one', listener)]), incidents(5));
    expect(most).toBe(1);
  });

  it('gets the reported objects themselves while it is live', async () => {
    const heard: unknown[] = [];
    const dispatcher = await open([listening('one', (incident) => void heard.push(incident))]);
    const [first] = incidents(1);
    await handle(dispatcher, [incidentOf(1)].slice(1).concat(first ?? []));
    expect(heard[0]).toBe(first);
  });

  it('does not wait for other handlers', async () => {
    const [reached, goOn] = [createSignal(), createSignal()];
    const heard: string[] = [];
    const slow = listening('slow', () => {
      reached.give();
      return goOn.promise;
    });
    const dispatcher = await open([slow, listening('fast', ({ id }) => void heard.push(id))]);
    await dispatcher.report(incidents(100));
    await reached.promise;
    await vi.waitFor(() => expect(heard).toEqual(ids(100)));
    expect(statusOf(dispatcher, 'slow').pending).toBe(100);
    goOn.give();
    expect(await dispatcher.drain()).toEqual([]);
  });

  it('does not delay other handlers when it fails', async () => {
    const heard: string[] = [];
    const failing = listening('failing', () => {
      throw temporary('the disk is full');
    });
    const dispatcher = await open([failing, listening('sound', ({ id }) => void heard.push(id))]);
    await dispatcher.report(incidents(10));
    await vi.waitFor(() => expect(heard).toEqual(ids(10)));
    expect(statusOf(dispatcher, 'failing').counts.delivered).toBe(0);
  });

  it('is shown as delivering, and not called again, until its promise settles', async () => {
    const [reached, goOn] = [createSignal(), createSignal()];
    let calls = 0;
    const hung = listening('hung', () => {
      calls += 1;
      reached.give();
      return goOn.promise;
    });
    let time = 1000;
    const dispatcher = await open([hung], { now: () => time });
    time = 2000;
    await dispatcher.report(incidents(2));
    await reached.promise;
    time = 9000;
    await dispatcher.report([incidentOf(3)]);
    const behind = await dispatcher.drain({ stalledAfter: 5 });
    expect(behind).toEqual([
      expect.objectContaining({ instance: 'hung', state: 'delivering', since: 2000, pending: 3 }),
    ]);
    expect(calls).toBe(1);
    goOn.give();
    expect(await dispatcher.drain()).toEqual([]);
    expect(calls).toBe(3);
    expect(statusOf(dispatcher, 'hung').state).toBe('live');
  });
});

describe('a listener that fails', () => {
  it('is retried together with the other listeners of the handler: they are one delivery', async () => {
    const heard: string[] = [];
    const handler = defineHandler({
      name: 'one',
      on: {
        'acme.*': () => void heard.push('first'),
        '*': () => {
          heard.push('second');
          if (heard.length < 4) throw new Error('not yet');
        },
      },
    });
    const dispatcher = await open([handler]);
    await handle(dispatcher, incidents(1));
    expect(heard).toEqual(['first', 'second', 'first', 'second']);
    expect(statusOf(dispatcher, 'one').counts).toMatchObject({ delivered: 1, dead: 0 });
  });

  it('does not get the incidents before the failed one again', async () => {
    const heard: string[] = [];
    let failures = 0;
    const listener: Listener = ({ id }) => {
      if (id === 's:3' && failures++ < 2) throw new Error('not yet');
      heard.push(id);
    };
    await handle(await open([listening('one', listener)]), incidents(4));
    expect(heard).toEqual(ids(4));
  });

  it.each([
    [
      'throws',
      () => {
        throw temporary('busy');
      },
    ],
    [
      'rejects',
      async () => {
        throw temporary('busy');
      },
    ],
    [
      'names a passing code',
      () => {
        throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      },
    ],
  ])(
    'is retried without limit when it %s with a temporary failure',
    async (_, fail: () => void | Promise<void>) => {
      let calls = 0;
      const heard: string[] = [];
      const listener: Listener = ({ id }) => {
        calls += 1;
        if (calls <= 40) return fail();
        heard.push(id);
      };
      const dispatcher = await open([listening('one', listener)]);
      await handle(dispatcher, incidents(2));
      expect(heard).toEqual(ids(2));
      expect(calls).toBe(42);
    },
  );

  it('shows its failure while it waits, and is retried after the delay that the error asks for', async () => {
    let calls = 0;
    const failing = listening('failing', () => {
      calls += 1;
      throw temporary('come back tomorrow', { retryAfter: 86_400_000 });
    });
    const dispatcher = await open([failing]);
    await dispatcher.report(incidents(2));
    await vi.waitFor(() => expect(statusOf(dispatcher, 'failing').state).toBe('waiting'));
    expect(statusOf(dispatcher, 'failing')).toMatchObject({ failure: 'come back tomorrow', pending: 2 });
    await dispatcher.close();
    expect(calls).toBe(1);
  });

  it('moves an incident to the dead letters at once when the failure is permanent', async () => {
    const heard: string[] = [];
    const letters: unknown[] = [];
    const listener: Listener = ({ id }) => {
      heard.push(id);
      if (id === 's:2') throw permanent('cannot be handled');
    };
    const dispatcher = await open([listening('one', listener)], {
      onDeadLetter: (letter) => letters.push(letter),
    });
    await handle(dispatcher, incidents(3));
    expect(heard).toEqual(['s:1', 's:2', 's:3']);
    expect(letters).toEqual([
      expect.objectContaining({
        instance: 'one',
        position: 2,
        reason: 'cannot be handled',
        attempts: 1,
      }),
    ]);
  });

  it('moves an incident to the dead letters after a limited number of unknown failures', async () => {
    const heard: string[] = [];
    const letters: unknown[] = [];
    const listener: Listener = ({ id }) => {
      heard.push(id);
      if (id === 's:1') throw new Error('no idea');
    };
    const dispatcher = await open([listening('one', listener)], {
      onDeadLetter: (letter) => letters.push(letter),
    });
    await handle(dispatcher, incidents(2));
    expect(heard).toEqual(['s:1', 's:1', 's:1', 's:2']);
    expect(letters).toEqual([expect.objectContaining({ reason: 'no idea', attempts: 3 })]);
  });

  it('does not count temporary failures as attempts', async () => {
    let calls = 0;
    const listener: Listener = () => {
      calls += 1;
      if (calls % 2 === 1 && calls < 20) throw temporary('busy');
      if (calls < 5) throw new Error('no idea');
    };
    const dispatcher = await open([listening('one', listener)]);
    await handle(dispatcher, incidents(1));
    expect(statusOf(dispatcher, 'one').counts).toMatchObject({ delivered: 1, dead: 0 });
  });

  it('continues when onDeadLetter throws', async () => {
    const heard: string[] = [];
    const listener: Listener = ({ id }) => {
      if (id === 's:1') throw permanent('no');
      heard.push(id);
    };
    const onDeadLetter = () => {
      throw new Error('the callback is broken');
    };
    await handle(await open([listening('one', listener)], { onDeadLetter }), incidents(2));
    expect(heard).toEqual(['s:2']);
  });
});

describe('an incident', () => {
  it('is frozen, so that a handler cannot change it for the next one', async () => {
    const seen: unknown[] = [];
    const vandal = listening('vandal', ({ data }) => {
      // What TypeScript forbids, plain JavaScript tries.
      expect(() => Object.assign(data, { url: 'changed' })).toThrow(TypeError);
      expect(() => (data['list'] as unknown[]).push('more')).toThrow(TypeError);
    });
    const dispatcher = await open([vandal, listening('next', ({ data }) => void seen.push(data))]);
    const made = { ...incidentOf(1), data: { url: 'as it was', list: [{ deep: true }] } };
    await handle(dispatcher, [made]);
    expect(seen).toEqual([{ url: 'as it was', list: [{ deep: true }] }]);
    expect(statusOf(dispatcher, 'vandal').counts.delivered).toBe(1);
  });
});
