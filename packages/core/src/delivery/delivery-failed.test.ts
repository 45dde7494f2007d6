import { describe, expect, it, vi } from 'vitest';
import { permanent } from '../contract/error.ts';
import { defineHandler, type Handler } from '../contract/handler.ts';
import type { Incident } from '../contract/incident.ts';
import { handle, incidentOf, incidents, open, statusOf } from '../testing/delivery.ts';
import { createDisk } from '../testing/disk.ts';

const failed = 'ihandler.handler.failed';

const failing = (name = 'failing', glob = 'acme.*'): Handler =>
  defineHandler({
    name,
    on: {
      [glob]: () => {
        throw permanent('cannot be handled');
      },
    },
  });

describe('a dead letter', () => {
  it('is reported to the other handlers, with an id that a redelivery repeats', async () => {
    const told: Incident<typeof failed>[] = [];
    const watcher = defineHandler({
      name: 'watcher',
      on: { [failed]: (incident) => void told.push(incident) },
    });
    const dispatcher = await open([{ handler: failing(), instance: 'mine' }, watcher], { now: () => 7 });
    await handle(dispatcher, [incidentOf(5)]);
    expect(told).toEqual([
      {
        id: 's/mine/failed:5',
        origin: failed,
        timestamp: 7,
        sensor: 'pot',
        data: {
          instance: 'mine',
          handler: 'failing',
          origin: 'acme.thing.seen',
          incident: 's:5',
          message: 'cannot be handled',
          attempts: 1,
        },
      },
    ]);
  });

  it('is stored in the journal with the incident, the reason and the time', async () => {
    const disk = createDisk();
    const dispatcher = await open([failing()], { journal: disk.journal(), now: () => 7 });
    await handle(dispatcher, incidents(1));
    expect(disk.deadLetters).toEqual([
      {
        instance: 'failing',
        position: 1,
        incident: incidentOf(1),
        reason: 'cannot be handled',
        attempts: 1,
        at: 7,
      },
    ]);
  });

  it('is not reported to the handler that failed', async () => {
    const heard: string[] = [];
    const handler = defineHandler({
      name: 'one',
      on: {
        '*': ({ origin }) => {
          heard.push(origin);
          throw permanent('no');
        },
      },
    });
    const dispatcher = await open([handler]);
    await handle(dispatcher, incidents(1));
    expect(heard).toEqual(['acme.thing.seen']);
    expect(statusOf(dispatcher, 'one').counts).toMatchObject({ dead: 1, filtered: 1 });
  });

  it('does not loop when the handlers that get the report fail too', async () => {
    const disk = createDisk();
    const dispatcher = await open([failing('left', '*'), failing('right', '*')], { journal: disk.journal() });
    await handle(dispatcher, incidents(1));
    expect(disk.log.map(({ id }) => id).toSorted()).toEqual(['s/left/failed:1', 's/right/failed:1', 's:1']);
    expect(disk.deadLetters).toHaveLength(4);
  });
});

describe('a handler that does not start', () => {
  it('is reported to the other handlers while its start is retried', async () => {
    const told: Incident<typeof failed>[] = [];
    let starts = 0;
    const broken = defineHandler({
      name: 'broken',
      on: { 'acme.*': () => {} },
      start() {
        starts += 1;
        if (starts < 3) throw new Error('the disk is full');
      },
    });
    const watcher = defineHandler({
      name: 'watcher',
      on: { [failed]: (incident) => void told.push(incident) },
    });
    const dispatcher = await open([{ handler: broken, instance: 'mine' }, watcher]);
    await handle(dispatcher, incidents(1));
    expect(told).toEqual([
      expect.objectContaining({
        data: { instance: 'mine', handler: 'broken', message: 'the disk is full', attempts: 1 },
      }),
    ]);
    expect(told[0]?.misfit).toBeUndefined();
    expect(statusOf(dispatcher, 'mine').counts).toMatchObject({ delivered: 1 });
  });

  it('shows its failure, and gets the backlog when it starts', async () => {
    let fails = true;
    const heard: string[] = [];
    const broken = defineHandler({
      name: 'broken',
      on: { 'acme.*': ({ id }) => void heard.push(id) },
      start() {
        if (fails) throw new Error('no such host');
      },
    });
    const dispatcher = await open([broken], { retry: { base: 1, cap: 1 } });
    await dispatcher.report(incidents(3));
    expect(statusOf(dispatcher, 'broken')).toMatchObject({
      state: 'starting',
      failure: expect.stringContaining('no such host'),
    });
    fails = false;
    await vi.waitFor(() => expect(heard).toEqual(['s:1', 's:2', 's:3']));
    await dispatcher.drain();
    expect(statusOf(dispatcher, 'broken')).not.toHaveProperty('failure');
  });
});
