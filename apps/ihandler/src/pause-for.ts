import { setTimeout as timer } from 'node:timers/promises';

/** Resolves after so many milliseconds, or as soon as the signal aborts. Keeps no process alive. */
export async function pauseFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  await timer(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
}
