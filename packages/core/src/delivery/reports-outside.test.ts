import { describe, expect, it, vi } from 'vitest';
import { defineHandler, type HandlerContext } from '../contract/handler.ts';
import type { Incident } from '../contract/incident.ts';
import { anything, createSignal, handle, incidents, newFolder, open, setUp } from '../testing/delivery.ts';
import { createDisk } from '../testing/disk.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('a report outside deliveries', () => {
  it('resolves when the journal has stored it, and reaches the other handlers', async () => {
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
    await expect(started?.report('acme.told', {}, { cause: deep })).rejects.toThrow('at most 8');
    await dispatcher.close();
    await expect(started?.report('acme.told', {})).rejects.toThrow(code('LIFE_CYCLE'));
  });

  it('is known when it is repeated from the same place of an outbox, also after a restart', async () => {
    const disk = createDisk();
    const told: Incident[] = [];
    const timer = defineHandler({
      name: 'timer',
      reports: { 'acme.told': anything },
      on: { 'acme.thing.*': () => {} },
      async start(context) {
        const cause = { id: 's:5', sensor: 'far away' };
        for (const ordinal of [7, 7, 8])
          await context.report('acme.told', { ordinal }, { cause, place: { stream: 'box', ordinal } });
      },
    });
    const other = defineHandler({ name: 'other', on: { 'acme.told': (it) => void told.push(it) } });
    for (let life = 0; life < 3; life += 1) {
      const dispatcher = await open([timer, other], { journal: disk.journal() });
      await handle(dispatcher, []);
      await dispatcher.close();
    }
    expect(told.map(({ id, sensor }) => [id, sensor])).toEqual([
      ['box/timer/outbox:7', 'far away'],
      ['box/timer/outbox:8', 'far away'],
    ]);
  });

  it('is new each time, also after a restart', async () => {
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

  it('is delivered once although the journal shows it before the append returns', async () => {
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
    let isShown = false;
    // The first step with an entry comes after the journal has what was reported and before it answers.
    const journal = disk.journal(() => {
      if (isShown || disk.log.length === 0) return undefined;
      isShown = true;
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
