import type { Notifier } from '../timing/notifier.ts';
import { pause } from '../timing/retry.ts';
import type { LaneStatus } from './dispatcher-options.ts';
import type { Lane } from './lane/lane-types.ts';

/** What waiting for lanes needs of their dispatcher. */
export interface DrainHost {
  readonly lanes: readonly Lane[];
  /** Opens whenever a lane has moved on. */
  readonly moved: Notifier;
  /** Abort when there is nothing more to wait for. */
  readonly ends: readonly AbortSignal[];
}

/** Waits until a lane moves on, so many milliseconds pass or the signal aborts. */
export async function waitForMove(moved: Notifier, milliseconds: number, signal: AbortSignal): Promise<void> {
  const timer = new AbortController();
  const stop = AbortSignal.any([signal, timer.signal]);
  await Promise.race([moved.wait(), pause(milliseconds, stop)]);
  timer.abort();
}

/** Waits until all lanes are done, or none of those that are not has moved on for so long; answers these. */
export async function drain(
  { lanes, moved, ends }: DrainHost,
  { stalledAfter = 60_000, signal }: { stalledAfter?: number; signal?: AbortSignal } = {},
): Promise<readonly LaneStatus[]> {
  const began = performance.now();
  const end = AbortSignal.any(signal === undefined ? [...ends] : [...ends, signal]);
  while (!end.aborted) {
    const behind = lanes.filter((lane) => !lane.isDone());
    if (behind.length === 0) {
      await Promise.all(lanes.map((lane) => lane.settle()));
      if (lanes.every((lane) => lane.isDone())) return [];
      continue;
    }
    const last = Math.max(began, ...behind.map((lane) => lane.movedAt()));
    const left = last + stalledAfter - performance.now();
    if (left <= 0) break;
    await waitForMove(moved, left, end);
  }
  return lanes.filter((lane) => !lane.isDone()).map((lane) => lane.status());
}
