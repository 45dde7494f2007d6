import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { backoffDelay, pause, withRetryDefaults } from './backoff.ts';

describe('the back-off delay', () => {
  it('is what the error asks for, even beyond the cap', () => {
    expect(backoffDelay(withRetryDefaults(), 0, { retryAfter: 86_400_000 })).toBe(86_400_000);
  });

  it('is random, below an exponential of the failures, and never longer than the cap', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(100_000), fc.nat(100_000), (failures, base, cap) => {
        const delay = backoffDelay(withRetryDefaults({ base, cap }), failures, new Error('x'));
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.min(cap, base * 2 ** failures));
      }),
    );
  });

  it.each([0, -1, '5', Number.NaN])('is the usual one when the error asks for %j', (retryAfter) => {
    expect(backoffDelay({ base: 1, cap: 1 }, 0, { retryAfter })).toBeLessThanOrEqual(1);
  });

  it('doubles exactly without jitter', () => {
    const delays = [0, 1, 2, 3, 10].map((failures) =>
      backoffDelay({ base: 1000, cap: 60_000, jitter: 0 }, failures),
    );
    expect(delays).toEqual([1000, 2000, 4000, 8000, 60_000]);
  });

  it('keeps a share that is not random with less than full jitter', () => {
    const backoff = { base: 1000, cap: 60_000, jitter: 0.5 };
    expect(backoffDelay(backoff, 1, undefined, () => 0)).toBe(1000);
    expect(backoffDelay(backoff, 1, undefined, () => 0.5)).toBe(1500);
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
    'of %d ms does not end at once, although a timer cannot be that long',
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
