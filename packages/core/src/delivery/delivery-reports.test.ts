import { describe, expect, it } from 'vitest';
import { temporary } from '../contract/error.ts';
import { defineHandler, type HandlerContext } from '../contract/handler.ts';
import type { Incident } from '../contract/incident.ts';
import type { DeadLetter } from '../contract/journal.ts';
import { createIncident } from '../incident/create-incident.ts';
import {
  anything,
  createSignal,
  handle,
  incidentOf,
  incidents,
  open,
  statusOf,
} from '../testing/delivery.ts';
import { createDisk } from '../testing/disk.ts';
import { reporting } from '../testing/reporting.ts';

describe('a report in a delivery', () => {
  it('reaches the other handlers, with the id, the sensor and the place of its cause', async () => {
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

  it('is discarded when the delivery fails, and has the same id when it succeeds later', async () => {
    let failures = 0;
    const { dispatcher, told } = await reporting(async (_, context) => {
      await context.report('acme.told', { failures });
      failures += 1;
      if (failures < 3) throw temporary('busy');
    });
    await handle(dispatcher, incidents(1));
    expect(told).toEqual([expect.objectContaining({ id: 's/reporter/0:1', data: { failures: 2 } })]);
  });

  it('is stored for the incidents before a failed one of the batch', async () => {
    const { dispatcher, told, letters } = await reporting(async ({ id }, context) => {
      await context.report('acme.told', {});
      if (id === 's:2') throw new Error('no idea');
    });
    await handle(dispatcher, incidents(3));
    expect(told.map(({ id }) => id)).toEqual(['s/reporter/0:1', 's/reporter/0:3']);
    expect(letters).toHaveLength(1);
  });

  it('does not reach the handler that reported it, live or from the journal', async () => {
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
    expect(statusOf(dispatcher, 'echo').counts).toMatchObject({ delivered: 3, filtered: 3 });
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

  it('moves its cause to the dead letters when the chain of reports is too long', async () => {
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
        reason: expect.stringContaining('at most 8'),
      }),
    ]);
    expect(letters[0]?.incident.id).toBe(`s${'/ping/0/pong/0'.repeat(4)}:1`);
  });
});

describe('a report in a write', () => {
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

  it('has the same id when the batch is retried one by one', async () => {
    const { told } = await writing(async (batch, context) => {
      for (const cause of batch) await context.report('acme.told', {}, { cause });
      if (batch.length > 1) throw new Error('too many');
    });
    expect(told).toEqual([1, 2, 3, 4].map((n) => `s/writer/0:${n}`));
  });
});
