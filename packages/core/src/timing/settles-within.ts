import { pause } from './backoff.ts';

/** Whether a promise is fulfilled or rejected within a number of milliseconds. Never rejects. */
export async function settlesWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const timer = new AbortController();
  const settled = promise.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([settled, pause(milliseconds, timer.signal).then(() => false)]);
  timer.abort();
  return inTime;
}
