import type { LaneStatus } from '@ihandler/core';

/** How often lanes are looked at, in milliseconds. */
const PERIOD = 5000;

/** Knows when lanes last moved on: a lane says since when it works, which a busy one may do for days. */
export interface LaneWatch {
  /** When an instance last moved on, in milliseconds since the Unix epoch, to within a few seconds. */
  movedAt(lane: LaneStatus): number;
  close(): void;
}

/** What changes when a lane moves on. */
function mark({ state, position, counts, failure }: LaneStatus): string {
  return JSON.stringify([state, position, Object.values(counts), failure]);
}

/** Looks at lanes until it is closed; keeps no process alive. */
export function createLaneWatch(
  status: () => readonly LaneStatus[],
  now: () => number = Date.now,
): LaneWatch {
  const seen = new Map<string, { readonly mark: string; readonly at: number }>();
  function look(lane: LaneStatus): number {
    const current = mark(lane);
    const last = seen.get(lane.instance);
    if (last?.mark === current) return last.at;
    const at = now();
    seen.set(lane.instance, { mark: current, at });
    return at;
  }
  const timer = setInterval(() => status().forEach(look), PERIOD);
  timer.unref();
  return { movedAt: look, close: () => clearInterval(timer) };
}
