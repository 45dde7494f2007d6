import type { Incident } from './incident.ts';
import type { Reached } from './route.ts';

/** What a lane is about to deliver: parallel lists, in order. */
export interface Batch {
  readonly incidents: readonly Incident[];
  readonly positions: readonly number[];
  readonly reached: readonly Reached[];
  /** Everything up to this position is in the batch, came before it, or is not for the lane. */
  readonly through: number;
}

/** What was routed to a lane and not taken yet. */
export interface LaneQueue {
  /** Everything up to here has been routed: it is in the queue, was taken, or is not for the lane. */
  routed: number;
  readonly size: number;
  push(incident: Incident, position: number, reached: Reached): void;
  /** Takes up to `limit`; the batch is empty when there is nothing but `through` still says how far it goes. */
  take(limit: number): Batch;
  /** Forgets everything; it will be routed again from `position` on. */
  reset(position: number): void;
  /** The position before the first that was not taken. */
  taken(): number;
}

/** Makes an empty queue that goes on after a position. */
export function createLaneQueue(position: number): LaneQueue {
  let incidents: Incident[] = [];
  let positions: number[] = [];
  let reached: Reached[] = [];
  const queue: LaneQueue = {
    routed: position,
    get size() {
      return incidents.length;
    },
    push(incident, at, listeners) {
      incidents.push(incident);
      positions.push(at);
      reached.push(listeners);
    },
    take(limit) {
      if (incidents.length <= limit) {
        const batch = { incidents, positions, reached, through: queue.routed };
        incidents = [];
        positions = [];
        reached = [];
        return batch;
      }
      const batch = {
        incidents: incidents.slice(0, limit),
        positions: positions.slice(0, limit),
        reached: reached.slice(0, limit),
      };
      incidents = incidents.slice(limit);
      positions = positions.slice(limit);
      reached = reached.slice(limit);
      return { ...batch, through: queue.taken() };
    },
    reset(at) {
      incidents = [];
      positions = [];
      reached = [];
      queue.routed = at;
    },
    taken: () => (positions[0] === undefined ? queue.routed : positions[0] - 1),
  };
  return queue;
}

/** What is left of a batch after its first `count`. */
export function rest(batch: Batch, count: number): Batch {
  if (count === 0) return batch;
  return {
    incidents: batch.incidents.slice(count),
    positions: batch.positions.slice(count),
    reached: batch.reached.slice(count),
    through: batch.through,
  };
}
