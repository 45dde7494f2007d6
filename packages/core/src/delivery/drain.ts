import { pause } from '../timing/backoff.ts';
import type { Notifier } from '../timing/notifier.ts';
import type { LaneStatus } from './dispatcher-options.ts';
import type { DispatcherParts } from './dispatcher-parts.ts';
import type { Lane } from './lane/lane.ts';

/** Waits until a lane makes progress, the time is over or the signal aborts. */
export async function waitForMove(moved: Notifier, milliseconds: number, signal: AbortSignal): Promise<void> {
  const timer = new AbortController();
  const stop = AbortSignal.any([signal, timer.signal]);
  await Promise.race([moved.wait(), pause(milliseconds, stop)]);
  timer.abort();
}

/**
 * Waits until all lanes are done that are not paused, or those that are not have made no progress for `stalledAfter` milliseconds; returns the
 * status of these.
 */
export async function drain(
  { lanes, moved, closing, failed }: Pick<DispatcherParts, 'lanes' | 'moved' | 'closing' | 'failed'>,
  { stalledAfter = 60_000, signal }: { stalledAfter?: number; signal?: AbortSignal } = {},
): Promise<readonly LaneStatus[]> {
  const began = performance.now();
  const isBehind = (lane: Lane) => !lane.isDone() && !lane.isPaused();
  const end = AbortSignal.any([closing, failed, ...(signal === undefined ? [] : [signal])]);
  while (!end.aborted) {
    const behind = lanes.filter(isBehind);
    if (behind.length === 0) {
      await Promise.all(lanes.map((lane) => lane.cursor.settle()));
      if (!lanes.some(isBehind)) return [];
      continue;
    }
    const last = Math.max(began, ...behind.map((lane) => lane.movedAt()));
    const left = last + stalledAfter - performance.now();
    if (left <= 0) break;
    await waitForMove(moved, left, end);
  }
  return lanes.filter(isBehind).map((lane) => lane.status());
}
