import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** How long a handler may do nothing before it counts as stuck, in milliseconds, unless its author says otherwise. */
export const PATIENCE = 10_000;

/** Waits for something that a handler does; throws an AssertionError when it does not end within so many milliseconds. */
export async function inTime<T>(promise: Promise<T>, call: string, patience: number): Promise<T> {
  const timer = new AbortController();
  const late = delay(patience, undefined, { signal: timer.signal }).then(() =>
    assert.fail(`Expected ${call} to end, found that it does not within ${patience} ms.`),
  );
  late.catch(() => undefined); // ended before the time was over: nobody looks at it any more
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}
