import type { LaneStatus } from '@ihandler/core';

/** How often to check the lanes, in milliseconds. */
const PERIOD = 5000;

/** Records when each lane last made progress: its own state may last for days in a busy one. */
export interface LaneWatch {
  /** When an instance last made progress, in milliseconds since the Unix epoch, to within a few seconds. */
  movedAt(lane: LaneStatus): number;
  close(): void;
}

/** A text that changes when a lane makes progress. */
function mark({ state, position, counts, failure }: LaneStatus): string {
  return JSON.stringify([state, position, Object.values(counts), failure]);
}

/** Watches lanes until it is closed; does not keep the process alive. */
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
