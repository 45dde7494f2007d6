import { type Batch, reachedAt } from '../lane-queue.ts';
import type { Lent } from './report-collector.ts';

/** How far the listeners were called without waiting. */
export interface Call {
  /** How many from the front are handled; fewer than requested when the next one needs a wait or has failed. */
  readonly done: number;
  /** The promise that a listener of the next one has returned. */
  readonly promise?: PromiseLike<unknown>;
  /** The index of the listener after that one. */
  readonly next: number;
  /** What a listener of the next one has thrown. */
  readonly failure?: { readonly error: unknown };
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/**
 * Calls the listeners of the incidents `from` up to `to` of a batch, until one of them returns a promise, reports or throws.
 * Every incident passes this loop: it allocates nothing.
 */
export function callInTurn(batch: Batch, from: number, to: number, lent: Lent): Call {
  const { incidents, reached } = batch;
  const common = 'listeners' in reached ? reached.listeners : undefined;
  const [only] = common ?? [];
  let done = from;
  try {
    // Most handlers have one listener for all; a loop of its own is a third faster.
    if (only !== undefined && common?.length === 1) {
      for (; done < to; done += 1) {
        const incident = incidents[done];
        if (incident === undefined) break;
        const promise = only(incident, lent.context);
        if (promise !== undefined && isPromise(promise)) return { done, promise, next: 1 };
        if (lent.reported) break;
      }
      return { done, next: 0 };
    }
    for (; done < to; done += 1) {
      const incident = incidents[done];
      const listeners = common ?? reachedAt(batch, done)?.listeners;
      if (incident === undefined || listeners === undefined) break;
      for (let at = 0; at < listeners.length; at += 1) {
        const promise = listeners[at]?.(incident, lent.context);
        if (isPromise(promise)) return { done, promise, next: at + 1 };
      }
      if (lent.reported) break;
    }
    return { done, next: 0 };
  } catch (error) {
    return { done, next: 0, failure: { error } };
  }
}

/** Calls the listeners of the incident `at`, beginning with the one at `next`, one after the other. */
export async function callOthers(batch: Batch, at: number, next: number, { context }: Lent): Promise<void> {
  const incident = batch.incidents[at];
  const listeners = reachedAt(batch, at)?.listeners.slice(next) ?? [];
  if (incident !== undefined) for (const listener of listeners) await listener(incident, context);
}
