import { afterEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../contract/log.ts';
import { createLossLog } from './throttled-log.ts';

afterEach(() => void vi.useRealTimers());

describe('the log of what was lost', () => {
  it('tells at once, then once a minute how much was lost in it, and nothing where nothing was', () => {
    vi.useFakeTimers();
    const error = vi.fn();
    const losses = createLossLog({ ...silentLog, error });
    const counts = () => error.mock.calls.map(([, details]) => details.count);
    losses.add(5);
    losses.add(2);
    losses.add(3);
    expect(counts()).toEqual([5]);
    vi.advanceTimersByTime(60_000);
    expect(counts()).toEqual([5, 5]);
    vi.advanceTimersByTime(600_000);
    expect(counts()).toEqual([5, 5]);
    losses.add(1);
    losses.add(9);
    losses.flush();
    expect(counts()).toEqual([5, 5, 1, 9]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
