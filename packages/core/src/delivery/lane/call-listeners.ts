import { type Batch, reachedAt } from './lane-queue.ts';
import type { Lent } from './report-collector.ts';

/** How far listeners have come without anybody having to wait. */
export interface Call {
  /** How many from the front are handled; fewer than asked for when something is to be done about the next. */
  readonly done: number;
  /** What a listener of the next has returned. */
  readonly promise?: PromiseLike<unknown>;
  /** The listener that comes after the one with the promise. */
  readonly next: number;
  /** What a listener of the next has thrown. */
  readonly failure?: { readonly error: unknown };
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/**
 * Calls the listeners of the incidents of a batch, `from` one up to another, until one of them returns a promise, reports
 * or throws. Every incident passes this: nothing is made for it.
 */
export function callInTurn(batch: Batch, from: number, to: number, lent: Lent): Call {
  const { incidents, reached } = batch;
  const common = 'listeners' in reached ? reached.listeners : undefined;
  const [only] = common ?? [];
  let done = from;
  try {
    // One listener for all is what most handlers have, and a loop of its own is a third faster.
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

/** Calls the listeners of an incident from the `next` on, one after the other. */
export async function callOthers(batch: Batch, at: number, next: number, { context }: Lent): Promise<void> {
  const incident = batch.incidents[at];
  const listeners = reachedAt(batch, at)?.listeners.slice(next) ?? [];
  if (incident !== undefined) for (const listener of listeners) await listener(incident, context);
}
