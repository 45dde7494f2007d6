import { describe, expect, it } from 'vitest';
import { permanent } from '../contract/error.ts';
import { defineHandler, type HandlerContext } from '../contract/handler.ts';
import type { Value } from '../contract/incident.ts';
import { handle, incidentOf, incidents, open } from '../testing/delivery.ts';
import { createDisk } from '../testing/disk.ts';

const numberIn = ({ state }: HandlerContext) => Number(state.get() ?? 0);

describe('the state of a handler', () => {
  it('is what the last delivery has set, also after a restart, and frozen', async () => {
    const disk = createDisk();
    const seen: (Value | undefined)[] = [];
    const handler = defineHandler({
      name: 'one',
      start: ({ state }) => void seen.push(state.get()),
      on: {
        'acme.*'({ id }, { state }) {
          seen.push(state.get());
          state.set({ last: id });
        },
      },
    });
    const first = await open([handler], { journal: disk.journal() });
    await handle(first, incidents(2));
    await first.close();
    const second = await open([handler], { journal: disk.journal() });
    await second.close();
    expect(seen).toEqual([undefined, undefined, { last: 's:1' }, { last: 's:2' }]);
    expect(Object.isFrozen(seen[2])).toBe(true);
  });

  it('is discarded when the delivery that has set it fails', async () => {
    const seen: number[] = [];
    const handler = defineHandler({
      name: 'one',
      on: {
        'acme.*'({ id }, context) {
          seen.push(numberIn(context));
          context.state.set(numberIn(context) + 1);
          expect(numberIn(context)).toBe(seen.at(-1) === undefined ? 0 : Number(seen.at(-1)) + 1);
          if (id === 's:2') throw permanent('no');
        },
      },
    });
    const disk = createDisk();
    const dispatcher = await open([handler], { journal: disk.journal() });
    await handle(dispatcher, incidents(4));
    expect(seen).toEqual([0, 1, 1, 2]);
    expect(disk.states.get('@one')).toBe(3);
  });

  it('of a writing handler belongs to the batch, and is discarded with it', async () => {
    const seen: (readonly [number, number])[] = [];
    let failures = 1;
    const handler = defineHandler({
      name: 'one',
      accepts: ['acme.*'],
      write(batch, _checkpoint, context) {
        seen.push([batch.length, numberIn(context)]);
        context.state.set(numberIn(context) + batch.length);
        failures -= 1;
        if (failures >= 0) throw Object.assign(new Error('busy'), { code: 'EBUSY' });
      },
    });
    const disk = createDisk();
    const dispatcher = await open([handler], { journal: disk.journal(), batch: 2 });
    await handle(dispatcher, incidents(4));
    expect(seen.filter(([, state]) => state === 0).length).toBe(2);
    expect(disk.states.get('@one')).toBe(4);
  });

  it('is removed by null, and refused when it is too large or set outside of a delivery', async () => {
    const problems: unknown[] = [];
    let outside: HandlerContext | undefined;
    const handler = defineHandler({
      name: 'one',
      start: (context) => {
        outside = context;
      },
      on: {
        'acme.*'({ id }, { state }) {
          try {
            state.set(id === 's:1' ? { text: 'x' } : id === 's:2' ? 'x'.repeat(70_000) : null);
          } catch (error) {
            problems.push(error);
          }
        },
      },
    });
    const disk = createDisk();
    const dispatcher = await open([handler], { journal: disk.journal() });
    await handle(dispatcher, [incidentOf(1)]);
    await handle(dispatcher, [incidentOf(2)]);
    expect(disk.states.get('@one')).toEqual({ text: 'x' });
    expect(problems).toMatchObject([
      {
        code: 'HANDLER_INVALID',
        message: expect.stringMatching(/at most 65536 characters as JSON, found 70002/),
      },
    ]);
    await handle(dispatcher, [incidentOf(3)]);
    expect(outside?.state.get()).toBeUndefined();
    expect(() => outside?.state.set(1)).toThrow(/outside of a delivery/);
  });

  it('is removed by forget when it names a forgotten host', async () => {
    const disk = createDisk();
    const handler = defineHandler({
      name: 'one',
      on: {
        'acme.*': ({ id }, { state }) => state.set({ host: id === 's:1' ? '203.0.113.9' : '192.0.2.1' }),
      },
    });
    const dispatcher = await open([handler], { journal: disk.journal() });
    await handle(dispatcher, [incidentOf(1)]);
    await dispatcher.forget(['203.0.113.0/24']);
    expect(disk.states.get('@one')).toBeNull();
    await handle(dispatcher, [incidentOf(2)]);
    await dispatcher.forget(['203.0.113.0/24']);
    expect(disk.states.get('@one')).toEqual({ host: '192.0.2.1' });
  });
});
