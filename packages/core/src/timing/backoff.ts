import { setTimeout as delay } from 'node:timers/promises';
import { property } from '../contract/property.ts';

/** How the delay between retries grows. Times in milliseconds. */
export interface Backoff {
  /** The delay after the first failure; it doubles with each further one. */
  readonly base: number;
  /** The longest delay. */
  readonly cap: number;
  /** Which part of the delay is random: 1 is anything from 0 up to the delay, 0.5 at least half of it, 0 exactly it. @default 1 */
  readonly jitter?: number;
}

/** How deliveries are retried. Times in milliseconds. */
export interface RetryPolicy {
  /** The first delay is random, between 0 and this; the limit doubles with each failure. @default 500 */
  readonly base?: number;
  /** The longest delay. @default 60000 */
  readonly cap?: number;
  /** How often an incident is tried before it moves to the dead letters, when the kind of the error is unknown. @default 5 */
  readonly attempts?: number;
}

/** Fills in the defaults of a policy. */
export function withRetryDefaults({
  base = 500,
  cap = 60_000,
  attempts = 5,
}: RetryPolicy = {}): Required<RetryPolicy> {
  return { base, cap, attempts };
}

function requestedDelay(error: unknown): number | undefined {
  const requested = property(error, 'retryAfter');
  return typeof requested === 'number' && requested > 0 ? requested : undefined;
}

/**
 * The delay in milliseconds after a failure, the first in a row being number 0: what the error asks for with a positive
 * `retryAfter`, else exponential with jitter and a cap. `random` returns a number from 0 up to 1.
 */
export function backoffDelay(
  { base, cap, jitter = 1 }: Backoff,
  failures: number,
  error?: unknown,
  random: () => number = Math.random,
): number {
  const longest = Math.min(cap, base * 2 ** Math.min(failures, 30));
  return requestedDelay(error) ?? longest * (1 - jitter + jitter * random());
}

/** Resolves when a signal aborts. */
export function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** The longest delay of a timer; a longer one would end at once. */
const LONGEST = 2 ** 31 - 1;

/** Waits, or returns at once when the signal aborts; the caller then looks at the signal. Waits 24 days at most. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(Math.min(milliseconds, LONGEST), undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
