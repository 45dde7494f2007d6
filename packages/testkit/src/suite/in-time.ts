import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** The default number of milliseconds without progress after which a handler counts as stuck. */
export const PATIENCE = 10_000;

/** Waits for a call of a handler. Throws an AssertionError when it does not return within `patience` milliseconds. */
export async function inTime<T>(promise: Promise<T>, call: string, patience: number): Promise<T> {
  const timer = new AbortController();
  const late = delay(patience, undefined, { signal: timer.signal }).then(() =>
    assert.fail(`Expected ${call} to return within ${patience} ms, found that it has not.`),
  );
  late.catch(() => undefined); // not awaited when the call returns in time
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}
