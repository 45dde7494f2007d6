import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createThrottledLog } from './throttled-log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a throttled log', () => {
  it('logs a sum at once, then once a minute, and nothing when nothing occurred', () => {
    const write = vi.fn();
    const losses = createThrottledLog(write);
    const counts = () => write.mock.calls.map(([, details]) => details.count);
    losses.log('lost', undefined, 5);
    losses.log('lost', undefined, 2);
    losses.log('lost', undefined, 3);
    expect(counts()).toEqual([5]);
    vi.advanceTimersByTime(60_000);
    expect(counts()).toEqual([5, 5]);
    vi.advanceTimersByTime(600_000);
    expect(counts()).toEqual([5, 5]);
    losses.log('lost', undefined, 1);
    losses.log('lost', undefined, 9);
    losses.flush();
    expect(counts()).toEqual([5, 5, 1, 9]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('logs the first event as it is, and the others with the latest details and their number', () => {
    const write = vi.fn();
    const warnings = createThrottledLog(write, 1000);
    for (const line of [1, 2, 3]) warnings.log('invalid line', { line });
    vi.advanceTimersByTime(1000);
    warnings.log('invalid line', { line: 4 });
    vi.advanceTimersByTime(1000);
    expect(write.mock.calls).toEqual([
      ['invalid line', { line: 1 }],
      ['invalid line', { line: 3, count: 2 }],
      ['invalid line', { line: 4 }],
    ]);
  });

  it('throttles each message by itself', () => {
    const write = vi.fn();
    const warnings = createThrottledLog(write);
    warnings.log('rotated');
    warnings.log('truncated');
    warnings.log('rotated');
    expect(write.mock.calls).toEqual([
      ['rotated', undefined],
      ['truncated', undefined],
    ]);
    warnings.flush();
    expect(write).toHaveBeenCalledTimes(3);
  });

  it('forgets a message when a period has passed without it', () => {
    const warnings = createThrottledLog(vi.fn());
    for (let n = 0; n < 100; n += 1) warnings.log(`message ${n}`);
    expect(vi.getTimerCount()).toBe(100);
    vi.advanceTimersByTime(60_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('logs again after a flush', () => {
    const write = vi.fn();
    const warnings = createThrottledLog(write);
    warnings.log('full');
    warnings.flush();
    warnings.log('full');
    expect(write).toHaveBeenCalledTimes(2);
    warnings.flush();
  });
});
