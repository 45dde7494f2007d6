import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { pause, retryOf, waitFor } from './retry.ts';

describe('how long to wait', () => {
  it('is what the error asks for, even more than the cap', () => {
    expect(waitFor(retryOf(), 0, { retryAfter: 86_400_000 })).toBe(86_400_000);
  });

  it('is random below an exponent of the failures, and never more than the cap', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(100_000), fc.nat(100_000), (failures, base, cap) => {
        const wait = waitFor(retryOf({ base, cap }), failures, new Error('x'));
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(Math.min(cap, base * 2 ** failures));
      }),
    );
  });

  it.each([0, -1, '5', Number.NaN])('is the usual when the error asks for %j', (retryAfter) => {
    expect(waitFor(retryOf({ base: 1, cap: 1 }), 0, { retryAfter })).toBeLessThanOrEqual(1);
  });
});

describe('a pause', () => {
  it('ends at once when its signal aborts, before or meanwhile', async () => {
    await pause(86_400_000, AbortSignal.abort());
    const stop = new AbortController();
    const paused = pause(86_400_000, stop.signal);
    stop.abort();
    await paused;
  });

  it.each([2 ** 31, 2 ** 53, Number.POSITIVE_INFINITY])(
    'of %d ms is no pause of none',
    async (milliseconds) => {
      const warned = vi.fn();
      process.on('warning', warned);
      const stop = new AbortController();
      let over = false;
      const paused = pause(milliseconds, stop.signal).then(() => {
        over = true;
      });
      await pause(5, new AbortController().signal);
      expect(over).toBe(false);
      expect(warned).not.toHaveBeenCalled();
      process.off('warning', warned);
      stop.abort();
      await paused;
    },
  );
});
