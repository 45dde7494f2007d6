import { setTimeout as timer } from 'node:timers/promises';

/** Resolves after so many milliseconds, or as soon as the signal aborts. */
export async function pauseFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  await timer(milliseconds, undefined, { signal }).catch(() => undefined);
}
