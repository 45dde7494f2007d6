import { setTimeout as delay } from 'node:timers/promises';
import { property } from '../contract/property.ts';

/** How to try again. Times in milliseconds. */
export interface RetryPolicy {
  /** The first wait is between 0 and this. @default 500 */
  readonly base?: number;
  /** No wait is longer than this. @default 60000 */
  readonly cap?: number;
  /** How often an incident is tried before it is a dead letter, when the failure does not say. @default 5 */
  readonly attempts?: number;
}

/** What a wait of a policy needs to know. */
export interface Retry {
  readonly base: number;
  readonly cap: number;
  readonly attempts: number;
}

/** Fills a policy in. */
export function retryOf(policy: RetryPolicy = {}): Retry {
  return { base: policy.base ?? 500, cap: policy.cap ?? 60_000, attempts: policy.attempts ?? 5 };
}

function askedFor(error: unknown): number | undefined {
  const asked = property(error, 'retryAfter');
  return typeof asked === 'number' && asked > 0 ? asked : undefined;
}

/** How long to wait after the n-th failure in a row (from 0): what the error asks for, else exponential with full jitter. */
export function waitFor(retry: Retry, failures: number, error: unknown): number {
  return askedFor(error) ?? Math.random() * Math.min(retry.cap, retry.base * 2 ** Math.min(failures, 30));
}

/** The longest that a timer can wait; it takes more for no time at all. */
const LONGEST = 2 ** 31 - 1;

/** Waits, or returns at once when the signal aborts. What is longer than 24 days ends then. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(Math.min(milliseconds, LONGEST), undefined, { signal });
  } catch (error) {
    // An aborted wait is what the signal is for; whoever waits looks at the signal.
    if (!signal.aborted) throw error;
  }
}
