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

/** Waits for a promise. Rejects with the reason of a signal that aborts first, whether the work notices it or not. */
export async function abortedBefore(running: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const end = () => ended.abort();
  running.then(end, end);
  await new Promise<void>((resolve) => {
    AbortSignal.any([signal, ended.signal]).addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
  signal.throwIfAborted();
  await running;
}
