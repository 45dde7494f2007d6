import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { HandlerContext, Listener } from '../contract/handler.ts';
import type { Schema } from '../contract/meaning/schema.ts';
import { handle, incidents } from '../testing/delivery.ts';
import { reporting } from '../testing/reporting.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('an invalid report', () => {
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

  it('fails the delivery when it is not awaited, and leaves all rejections handled', async () => {
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

  it('is refused and logged when the delivery has ended', async () => {
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
