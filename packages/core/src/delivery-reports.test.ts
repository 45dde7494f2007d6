import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import {
  anything,
  createSignal,
  handle,
  incidentOf,
  incidents,
  newFolder,
  open,
  setUp,
  statusOf,
} from './__fixtures__/delivery.ts';
import { createDisk } from './__fixtures__/disk.ts';
import { createIncident } from './create-incident.ts';
import { tryLater } from './error.ts';
import { defineHandler, type HandlerContext, type Listener, type Schema } from './handler.ts';
import type { Incident } from './incident.ts';
import type { DeadLetter } from './journal.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

/** A handler that reports, and what became of it: what others got, and the dead letters. */
async function reporting(
  listener: Listener,
  reports: Readonly<Record<string, Schema>> = { 'acme.told': anything },
) {
  const told: Incident[] = [];
  const letters: DeadLetter[] = [];
  const log = { error: vi.fn(), critical() {}, warning() {}, message() {}, info() {}, debug() {} };
  const reporter = defineHandler({ name: 'reporter', reports, on: { 'acme.thing.*': listener } });
  const other = defineHandler({ name: 'other', on: { 'acme.told*': (it) => void told.push(it) } });
  const dispatcher = await open([reporter, other], {
    now: () => 7777,
    log: () => log,
    onDeadLetter: (letter) => letters.push(letter),
  });
  return { dispatcher, told, letters, log };
}

describe('what a handler reports while it handles an incident', () => {
  it('reaches the others, with the id, the sensor and the place of its cause', async () => {
    const { dispatcher, told } = await reporting(async (_, context) => {
      await context.report('acme.told', { n: 0 });
      await context.report('acme.told', { n: 1 });
    });
    const parts = { origin: 'acme.thing.seen', timestamp: 0, sensor: 'far away', data: {} };
    await handle(dispatcher, [
      createIncident({ id: 's:5', ...parts }),
      createIncident({ id: 's:9', ...parts }),
    ]);
    const common = { origin: 'acme.told', timestamp: 7777, sensor: 'far away' };
    expect(told).toEqual([
      { id: 's/reporter/0:5', data: { n: 0 }, ...common },
      { id: 's/reporter/1:5', data: { n: 1 }, ...common },
      { id: 's/reporter/0:9', data: { n: 0 }, ...common },
      { id: 's/reporter/1:9', data: { n: 1 }, ...common },
    ]);
  });

  it('is appended when the listeners have returned, not before', async () => {
    const [reported, goOn] = [createSignal(), createSignal()];
    const { dispatcher, told } = await reporting(async (_, context) => {
      await context.report('acme.told', {});
      reported.give();
      await goOn.promise;
    });
    await dispatcher.report(incidents(1));
    await reported.promise;
    expect(told).toEqual([]);
    goOn.give();
    await dispatcher.drain();
    expect(told).toHaveLength(1);
  });

  it('is forgotten when the delivery fails, and reported with the same id when it succeeds', async () => {
    let failures = 0;
    const { dispatcher, told } = await reporting(async (_, context) => {
      await context.report('acme.told', { failures });
      failures += 1;
      if (failures < 3) throw tryLater('busy');
    });
    await handle(dispatcher, incidents(1));
    expect(told).toEqual([expect.objectContaining({ id: 's/reporter/0:1', data: { failures: 2 } })]);
  });

  it('is kept of those before in the batch when a later one fails', async () => {
    const { dispatcher, told, letters } = await reporting(async ({ id }, context) => {
      await context.report('acme.told', {});
      if (id === 's:2') throw new Error('no idea');
    });
    await handle(dispatcher, incidents(3));
    expect(told.map(({ id }) => id)).toEqual(['s/reporter/0:1', 's/reporter/0:3']);
    expect(letters).toHaveLength(1);
  });

  it('never reaches the handler itself, live or from the journal', async () => {
    const heard: string[] = [];
    const echo = () =>
      defineHandler({
        name: 'echo',
        reports: { 'acme.told': anything },
        on: {
          '*': async ({ id }, context) => {
            heard.push(id);
            await context.report('acme.told', {});
          },
        },
      });
    const disk = createDisk();
    const dispatcher = await open([echo()], { journal: disk.journal() });
    await handle(dispatcher, incidents(3));
    expect(statusOf(dispatcher, 'echo').books).toMatchObject({ delivered: 3, filtered: 3 });
    const second = await open([{ handler: echo(), instance: 'second' }], { journal: disk.journal() });
    await handle(second, []);
    expect(heard).toHaveLength(3 + 6);
    const again = await open([{ handler: echo(), instance: 'second' }], { journal: disk.journal() });
    await handle(again, []);
    expect(heard).toHaveLength(3 + 6);
  });

  it('reaches an instance that another instance of the same handler reported', async () => {
    const heard: string[] = [];
    const reporter = defineHandler({
      name: 'one',
      reports: { 'acme.told': anything },
      on: {
        'acme.thing.*': (_, context) => context.report('acme.told', {}),
        'acme.told': (incident, { instance }) => void heard.push(`${instance} got ${incident.id}`),
      },
    });
    const dispatcher = await open([
      { handler: reporter, instance: 'left' },
      { handler: reporter, instance: 'right' },
    ]);
    await handle(dispatcher, incidents(1));
    expect(heard.toSorted()).toEqual(['left got s/right/0:1', 'right got s/left/0:1']);
  });

  it('goes to the dead letters when it would go in circles', async () => {
    const letters: DeadLetter[] = [];
    const heard: string[] = [];
    const player = (name: string, from: string, to: string) =>
      defineHandler({
        name,
        reports: { [to]: anything },
        on: {
          [from]: (incident: Incident, context: HandlerContext) => {
            heard.push(incident.id);
            return context.report(to, {});
          },
        },
      });
    const dispatcher = await open(
      [player('ping', 'acme.ping', 'acme.pong'), player('pong', 'acme.pong', 'acme.ping')],
      { onDeadLetter: (letter) => letters.push(letter) },
    );
    await handle(dispatcher, [incidentOf(1, 'acme.ping')]);
    expect(heard).toHaveLength(9);
    expect(letters).toEqual([
      expect.objectContaining({
        instance: 'ping',
        attempts: 1,
        reason: expect.stringContaining('more than 8'),
      }),
    ]);
    expect(letters[0]?.incident.id).toBe(`s${'/ping/0/pong/0'.repeat(4)}:1`);
  });
});

describe('a report that is wrong', () => {
  it.each<[string, string, Listener, Readonly<Record<string, Schema>>]>([
    ['has an origin that was not declared', 'declares?|declare', (_, c) => c.report('acme.secret', {}), {}],
    ['has the name of something every object has', 'declare', (_, c) => c.report('constructor', {}), {}],
    [
      'does not fit the schema that was declared',
      'does not fit its schema: .*number',
      (_, c) => c.report('acme.told', { n: 'x' }),
      { 'acme.told': z.object({ n: z.number() }) },
    ],
    [
      'has a schema that takes its time',
      'asynchronous',
      (_, c) => c.report('acme.told', { n: 1 }),
      { 'acme.told': z.object({ n: z.number().refine(async () => true) }) },
    ],
  ])('fails the delivery when it %s', async (_, reason, listener, reports) => {
    const { dispatcher, told, letters } = await reporting(listener, reports);
    await handle(dispatcher, incidents(1));
    expect(told).toEqual([]);
    expect(letters).toEqual([expect.objectContaining({ reason: expect.stringMatching(reason) })]);
  });

  it('fails the delivery also when nobody awaits it, and no rejection is left unhandled', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    try {
      const { dispatcher, letters } = await reporting((_, context) => {
        void context.report('acme.secret', {});
      });
      await handle(dispatcher, incidents(1));
      await new Promise(setImmediate);
      expect(letters).toHaveLength(1);
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });

  it('is refused, and told to the operator, when the delivery has ended', async () => {
    const contexts: HandlerContext[] = [];
    const { dispatcher, told, log } = await reporting((_, context) => void contexts.push(context));
    await handle(dispatcher, incidents(1));
    const late = contexts[0]?.report('acme.told', {});
    await expect(late).rejects.toThrow(code('LIFE_CYCLE'));
    await handle(dispatcher, []);
    expect(told).toEqual([]);
    expect(log.error).toHaveBeenCalledWith(expect.stringContaining('ended'), expect.anything());
  });

  it('is refused when its delivery has ended, though the next one is under way', async () => {
    let first: HandlerContext | undefined;
    let late: Promise<void> | undefined;
    const { dispatcher, told, letters } = await reporting(async (_, context) => {
      if (first === undefined) first = context;
      else late = first.report('acme.told', {});
      await late?.catch(() => undefined);
    });
    await handle(dispatcher, incidents(2));
    await expect(late).rejects.toThrow(code('LIFE_CYCLE'));
    expect(told).toEqual([]);
    expect(letters).toEqual([]);
  });
});

describe('what a handler reports while it writes', () => {
  type Write = (batch: readonly Incident[], context: HandlerContext) => Promise<void>;

  async function writing(write: Write) {
    const told: string[] = [];
    const letters: DeadLetter[] = [];
    const writer = defineHandler({
      name: 'writer',
      accepts: ['acme.thing.*'],
      reports: { 'acme.told': anything },
      write: (batch, _checkpoint, context) => write(batch, context),
    });
    const other = defineHandler({ name: 'other', on: { 'acme.told': ({ id }) => void told.push(id) } });
    const dispatcher = await open([writer, other], { onDeadLetter: (letter) => letters.push(letter) });
    await handle(dispatcher, incidents(4));
    return { told, letters };
  }

  it('keeps the order of the causes, in whatever order it was reported', async () => {
    const { told } = await writing(async (batch, context) => {
      for (const cause of batch.toReversed()) await context.report('acme.told', {}, { cause });
    });
    expect(told).toEqual([1, 2, 3, 4].map((n) => `s/writer/0:${n}`));
  });

  it('fails the write without a cause, or with one that is not of the batch', async () => {
    const without = await writing((_, context) => context.report('acme.told', {}));
    expect(without.letters).toHaveLength(4);
    expect(without.letters[0]?.reason).toMatch('pass { cause: incident }');
    const foreign = await writing((_, context) => context.report('acme.told', {}, { cause: incidentOf(99) }));
    expect(foreign.letters).toHaveLength(4);
    expect([...without.told, ...foreign.told]).toEqual([]);
  });

  it('has the same ids when the batch comes again one by one', async () => {
    const { told } = await writing(async (batch, context) => {
      for (const cause of batch) await context.report('acme.told', {}, { cause });
      if (batch.length > 1) throw new Error('too many');
    });
    expect(told).toEqual([1, 2, 3, 4].map((n) => `s/writer/0:${n}`));
  });
});

describe('what a handler reports outside a delivery', () => {
  it('resolves when the journal has it, and reaches the others', async () => {
    const disk = createDisk();
    const told: Incident[] = [];
    let started: HandlerContext | undefined;
    const timer = defineHandler({
      name: 'timer',
      reports: { 'acme.told': anything },
      on: { '*': () => {} },
      start: (context) => {
        started = context;
      },
    });
    const other = defineHandler({ name: 'other', on: { 'acme.told': (it) => void told.push(it) } });
    const dispatcher = await open([timer, other], { journal: disk.journal(), now: () => 7 });
    await started?.report('acme.told', { n: 1 });
    await started?.report('acme.told', { n: 2 }, { cause: { id: 's:5', sensor: 'far away' } });
    expect(disk.log.map(({ data }) => data)).toEqual([{ n: 1 }, { n: 2 }]);
    await handle(dispatcher, []);
    expect(told).toMatchObject([
      { id: expect.stringMatching(/^[\w-]+\/timer\/[\w-]+:\d+$/), sensor: 'pot', timestamp: 7 },
      { id: expect.stringMatching(/^s\/timer\/[\w-]+:\d+$/), sensor: 'far away' },
    ]);
    await expect(started?.report('acme.secret', {})).rejects.toThrow(code('ORIGIN_UNDECLARED'));
    const deep = { id: `s${'/a/0'.repeat(8)}:1`, sensor: 'pot' };
    await expect(started?.report('acme.told', {}, { cause: deep })).rejects.toThrow('more than 8');
    await dispatcher.close();
    await expect(started?.report('acme.told', {})).rejects.toThrow(code('LIFE_CYCLE'));
  });

  it('is new each time, also in the next life of the process', async () => {
    const disk = createDisk();
    const timer = defineHandler({
      name: 'timer',
      reports: { 'acme.told': anything },
      on: { 'acme.thing.*': () => {} },
      start: (context) => context.report('acme.told', {}),
    });
    for (let life = 0; life < 3; life += 1) {
      const dispatcher = await open([timer], { journal: disk.journal() });
      await dispatcher.close();
    }
    expect(new Set(disk.log.map(({ id }) => id)).size).toBe(3);
  });

  it('is delivered once though a journal shows it before it says so', async () => {
    const heard: string[] = [];
    const [shown, goOn] = [createSignal(), createSignal()];
    const reader = defineHandler({
      name: 'reader',
      on: { 'acme.told': ({ id }) => void heard.push(id) },
      start: () => shown.promise,
    });
    const reporter = defineHandler({
      name: 'reporter',
      reports: { 'acme.told': anything },
      on: { 'acme.thing.*': () => {} },
      start(context) {
        void context.report('acme.told', {});
      },
    });
    const disk = createDisk();
    let steps = 0;
    // The second step comes after the journal has what was reported and before it answers.
    const journal = disk.journal(() => {
      steps += 1;
      if (steps !== 2) return undefined;
      shown.give();
      return goOn.promise;
    });
    const { dispatcher } = setUp([reporter, reader], { journal, dataDir: newFolder() });
    await dispatcher.start();
    await vi.waitFor(() => expect(heard).toHaveLength(1));
    goOn.give();
    await handle(dispatcher, incidents(1));
    expect(heard).toHaveLength(1);
  });
});
