import { describe, expect, it } from 'vitest';
import { permanent } from '../contract/error.ts';
import { defineHandler } from '../contract/handler.ts';
import type { Incident } from '../contract/incident.ts';
import type { DeadLetter } from '../contract/journal.ts';
import { anything, handle, incidentOf, incidents, open, setUp, statusOf } from '../testing/delivery.ts';
import { createDisk } from '../testing/disk.ts';
import { createKeeper } from '../testing/keeper.ts';

const OWN = '203.0.113.9';
const MASK = '127.0.0.1';

/** An attack on the sensor's own address. */
function attackOf(ordinal: number, own: string = OWN): Incident {
  return incidentOf(ordinal, 'acme.thing.seen', {
    local: { host: own, port: 80 },
    text: `GET http://${own}/`,
  });
}

/** A handler that keeps what it got. */
function recorder(name: string, got: Incident[]) {
  return defineHandler({ name, on: { 'acme.*': (incident) => void got.push(incident) } });
}

/** The local address that an incident names. */
function hostOf({ data }: Incident): unknown {
  return Reflect.get(Object(Reflect.get(data, 'local')), 'host');
}

describe('an entry with mask: true', () => {
  it('gives its handler incidents without the sensor’s own address, and the other handlers the very objects', async () => {
    const [masked, plain]: [Incident[], Incident[]] = [[], []];
    const dispatcher = await open([
      { handler: recorder('masked', masked), mask: true },
      recorder('plain', plain),
    ]);
    const reported = [attackOf(1), attackOf(2)];
    await handle(dispatcher, reported);
    expect(masked.map(hostOf)).toEqual([MASK, MASK]);
    expect(JSON.stringify(masked)).not.toContain(OWN);
    expect(masked.map(({ id, origin }) => ({ id, origin }))).toEqual(
      reported.map(({ id, origin }) => ({ id, origin })),
    );
    expect(plain[0]).toBe(reported[0]);
    expect(statusOf(dispatcher, 'masked').counts).toEqual(statusOf(dispatcher, 'plain').counts);
  });

  it('masks whole batches for a writing handler and leaves its checkpoint alone', async () => {
    const written: Incident[] = [];
    const keeper = createKeeper();
    keeper.before = (batch) => void written.push(...batch);
    const dispatcher = await open([{ handler: keeper.handler, mask: true }]);
    await handle(dispatcher, [attackOf(1), attackOf(2), attackOf(3)]);
    expect(written.map(hostOf)).toEqual([MASK, MASK, MASK]);
    expect(keeper.database.checkpoint).toEqual({ s: 3 });
  });

  it('masks an incident once for all masked lanes, also when a delivery is retried', async () => {
    const got: Incident[] = [];
    let failures = 2;
    const failing = defineHandler({
      name: 'failing',
      on: {
        '*': (incident) => {
          if (failures > 0) {
            failures -= 1;
            throw new Error('not yet');
          }
          got.push(incident);
        },
      },
    });
    const dispatcher = await open([
      { handler: recorder('one', got), mask: true },
      { handler: recorder('two', got), mask: true },
      { handler: failing, mask: true },
    ]);
    await handle(dispatcher, [attackOf(1)]);
    expect(got).toHaveLength(3);
    expect(new Set(got).size).toBe(1);
  });

  it('masks nothing by default', async () => {
    const got: Incident[] = [];
    const dispatcher = await open([recorder('plain', got), { handler: recorder('off', got), mask: false }]);
    const attack = attackOf(1);
    await handle(dispatcher, [attack]);
    expect(got[0]).toBe(attack);
    expect(got[1]).toBe(attack);
  });

  it('still matches the filters of the entry against the original', async () => {
    const got: Incident[] = [];
    const handler = recorder('masked', got);
    const remote = { host: OWN, port: 4444 };
    const dispatcher = await open([{ handler, mask: true, ignore: [OWN] }]);
    const connection = { local: { host: OWN, port: 80 }, remote };
    await handle(dispatcher, [incidentOf(1, 'acme.thing.seen', { connection })]);
    expect(got).toEqual([]);
    expect(statusOf(dispatcher, 'masked').counts.filtered).toBe(1);
  });

  it('reports because of the incident under the usual id', async () => {
    const told: Incident[] = [];
    const reporter = defineHandler({
      name: 'reporter',
      reports: { 'acme.told': anything },
      on: { 'acme.thing.*': (_, context) => context.report('acme.told', {}) },
    });
    const dispatcher = await open([{ handler: reporter, mask: true }, recorder('other', told)]);
    await handle(dispatcher, [attackOf(1)]);
    expect(told.map(({ id }) => id)).toContain('s/reporter/0:1');
  });

  it('keeps the original in a dead letter, and masks it again when the letter is retried', async () => {
    const letters: DeadLetter[] = [];
    const got: Incident[] = [];
    let isBroken = true;
    const handler = defineHandler({
      name: 'masked',
      on: {
        '*': (incident) => {
          if (isBroken) throw permanent('no');
          got.push(incident);
        },
      },
    });
    const { dispatcher, journal } = setUp([{ handler, mask: true }], {
      onDeadLetter: (letter) => letters.push(letter),
    });
    await dispatcher.start();
    await handle(dispatcher, [attackOf(1)]);
    expect(letters.map(({ incident }) => hostOf(incident))).toEqual([OWN]);
    expect((await journal.deadLetters('masked')).map(({ incident }) => hostOf(incident))).toEqual([OWN]);
    isBroken = false;
    expect(await dispatcher.retryDeadLetters('masked')).toEqual({ delivered: 1, dead: 0 });
    expect(got.map(hostOf)).toEqual([MASK]);
  });

  it('keeps the original in the dead letter of a batch that is tried one by one', async () => {
    const keeper = createKeeper();
    keeper.before = (batch) => {
      if (batch.some(({ id }) => id === 's:2')) throw new Error('poison');
    };
    const { dispatcher, journal } = setUp([{ handler: keeper.handler, mask: true }]);
    await dispatcher.start();
    await handle(dispatcher, [attackOf(1), attackOf(2), attackOf(3)]);
    expect((await journal.deadLetters('keeper')).map(({ incident }) => hostOf(incident))).toEqual([OWN]);
    expect(keeper.database.rows).toEqual(['s:1', 's:3']);
  });

  it('masks what it reads from the journal, and what is replayed', async () => {
    const disk = createDisk();
    const earlier = await open([recorder('plain', [])], { journal: disk.journal() });
    await handle(earlier, [attackOf(1), attackOf(2)]);
    await earlier.close();
    const got: Incident[] = [];
    const later = await open([{ handler: recorder('masked', got), mask: true }], { journal: disk.journal() });
    expect(await later.drain()).toEqual([]);
    expect(got.map(hostOf)).toEqual([MASK, MASK]);
    got.length = 0;
    await later.replay({ instance: 'masked', name: 'again' });
    expect(got.map(hostOf)).toEqual([MASK, MASK]);
  });

  it('gives incidents without a local address as they are', async () => {
    const got: Incident[] = [];
    const dispatcher = await open([{ handler: recorder('masked', got), mask: true }]);
    const [incident] = incidents(1);
    await handle(
      dispatcher,
      incidents(1)
        .slice(1)
        .concat(incident ?? []),
    );
    expect(got[0]).toBe(incident);
  });
});
