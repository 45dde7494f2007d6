import { silentLog } from '@ihandler/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { removableBefore, startRetention } from './retention-timer.ts';

/** A context with the warnings logged to it. */
function context(signal = new AbortController().signal, warnings: string[] = []) {
  return { signal, log: { ...silentLog, warn: (message: string) => void warnings.push(message) } };
}

describe('removableBefore', () => {
  it('spares attacks that are younger than an hour, however short the age', () => {
    expect(removableBefore(7_200_000)).toBe(3600);
    expect(removableBefore(7_200_000, 1000)).toBe(3600);
    expect(removableBefore(7_200_000, 5_400_000)).toBe(1800);
  });
});

describe('startRetention', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('takes the next step soon while there is more to remove, and a minute later otherwise', async () => {
    const answers = [true, Promise.resolve(true), false];
    const step = vi.fn(() => answers.shift() ?? false);
    const timer = startRetention({ step, explain: (error) => error }, context());
    await vi.advanceTimersByTimeAsync(150);
    expect(step).toHaveBeenCalledTimes(3);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(step).toHaveBeenCalledTimes(3);
    await vi.advanceTimersByTimeAsync(2000);
    expect(step).toHaveBeenCalledTimes(4);
    await timer.stop();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(step).toHaveBeenCalledTimes(4);
  });

  it('takes a step between writes when one is due', async () => {
    const step = vi.fn(() => false);
    const timer = startRetention({ step, explain: (error) => error }, context());
    timer.stepIfDue();
    timer.stepIfDue();
    expect(step).toHaveBeenCalledTimes(1);
    await timer.stop();
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('locked');
      },
    ],
    ['rejects', () => Promise.reject(new Error('locked'))],
  ])('retries a step that %s, and logs the same failure once an hour', async (_, step) => {
    const warnings: string[] = [];
    const failing = vi.fn<() => boolean | Promise<boolean>>(step);
    const explain = (error: unknown) => new Error(`explained: ${String(error)}`);
    const timer = startRetention({ step: failing, explain }, context(undefined, warnings));
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(failing.mock.calls.length).toBeGreaterThan(5);
    expect(warnings).toEqual(['cannot remove old attacks, retrying: explained: Error: locked']);
    await timer.stop();
  });

  it('stops when the host stops, waits for the current step, and ignores its failure', async () => {
    const controller = new AbortController();
    const warnings: string[] = [];
    let fail = (_: Error): void => {};
    const step = vi.fn(
      () =>
        new Promise<boolean>((_, reject) => {
          fail = reject;
        }),
    );
    const timer = startRetention({ step, explain: (error) => error }, context(controller.signal, warnings));
    await vi.advanceTimersByTimeAsync(1);
    controller.abort();
    const stopped = timer.stop();
    fail(new Error('connection closed'));
    await stopped;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(step).toHaveBeenCalledTimes(1);
    expect(warnings).toEqual([]);
  });
});
