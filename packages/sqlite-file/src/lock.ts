import { setTimeout as wait } from 'node:timers/promises';
import { classifyFailure } from './sqlite-failure.ts';

/** How long one statement waits for a lock, in milliseconds. It is so short that a lock is reported within two seconds. */
export const LOCK_TIMEOUT = 1500;
/** How long one attempt blocks this program, and the pause before the next one, in milliseconds. */
const [ATTEMPT, PAUSE] = [50, 50];

/** How a reader waits for a database that another program has locked. */
export interface LockPatience {
  /** How long to wait, in milliseconds. Default: {@link LOCK_TIMEOUT}. */
  readonly patience?: number;
  /** Stops the waiting: the error is then that of the signal. */
  readonly signal?: AbortSignal;
  /** Called at the first attempt that finds a lock. */
  onLocked?(): void;
}

/**
 * Calls `open` with a timeout in milliseconds until it finds no lock. Throws its last error when the patience is over. Does
 * not block the event loop for longer than that timeout.
 */
export async function openWhenUnlocked<T>(
  open: (timeout: number) => T,
  { patience = LOCK_TIMEOUT, signal, onLocked }: LockPatience = {},
): Promise<T> {
  const deadline = performance.now() + patience;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return open(ATTEMPT);
    } catch (error) {
      if (classifyFailure(error) !== 'locked' || performance.now() >= deadline) throw error;
    }
    if (isFirst) onLocked?.();
    await wait(PAUSE, undefined, { ...(signal && { signal }) });
  }
}
