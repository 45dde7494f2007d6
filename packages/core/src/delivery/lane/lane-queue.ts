import type { Incident } from '../../contract/incident.ts';
import type { Reached } from '../../routing/router.ts';

/**
 * Incidents for a lane, in order. A whole run for one set of listeners stays as it was offered: then `positions` and
 * `reached` are single values.
 */
export interface Batch {
  readonly incidents: readonly Incident[];
  /** The position of each; or the position before the first, when they follow each other without gaps. */
  readonly positions: readonly number[] | number;
  /** The listeners of each; or those of all. */
  readonly reached: readonly Reached[] | Reached;
  /** Everything up to this position is in the batch, was taken before, or is not for the lane. */
  readonly through: number;
}

/** Incidents that were routed to a lane and not taken yet. */
export interface LaneQueue {
  /** Everything up to here has been routed: it is in the queue, was taken, or is not for the lane. */
  routed: number;
  readonly size: number;
  /** Queues one incident. */
  push(incident: Incident, position: number, reached: Reached): void;
  /** Queues a run for one set of listeners. */
  pushRun(before: number, incidents: readonly Incident[], reached: Reached): void;
  /** Takes up to `limit` incidents. The `through` of an empty batch says up to where nothing is for the lane. */
  take(limit: number): Batch;
  /** Discards everything; incidents after `position` will be routed again. */
  reset(position: number): void;
  /** The position before the first that was not taken. */
  taken(): number;
}

/** The position of the incident at an index; undefined past the end. */
export function positionAt(
  { incidents, positions }: Pick<Batch, 'incidents' | 'positions'>,
  index: number,
): number | undefined {
  if (typeof positions !== 'number') return positions[index];
  return index < incidents.length ? positions + 1 + index : undefined;
}

function isList<T>(value: readonly T[] | T): value is readonly T[] {
  return Array.isArray(value);
}

/** The listeners of the incident at an index; undefined past the end. */
export function reachedAt({ reached }: Pick<Batch, 'reached'>, index: number): Reached | undefined {
  return isList(reached) ? reached[index] : reached;
}

/** Part of a batch, with the same `through`. */
export function part(batch: Batch, from: number, to: number = batch.incidents.length): Batch {
  const { incidents, positions, reached, through } = batch;
  if (from === 0 && to >= incidents.length) return batch;
  return {
    incidents: incidents.slice(from, to),
    positions: typeof positions === 'number' ? positions + from : positions.slice(from, to),
    reached: isList(reached) ? reached.slice(from, to) : reached,
    through,
  };
}

function merge(batches: readonly Batch[], through: number): Batch {
  const incidents: Incident[] = [];
  const positions: number[] = [];
  const reached: Reached[] = [];
  for (const batch of batches) {
    batch.incidents.forEach((incident, index) => {
      incidents.push(incident);
      positions.push(positionAt(batch, index) ?? through);
      const listeners = reachedAt(batch, index);
      if (listeners !== undefined) reached.push(listeners);
    });
  }
  return { incidents, positions, reached, through };
}

interface OpenBatch extends Batch {
  readonly incidents: Incident[];
  readonly positions: number[];
  readonly reached: Reached[];
}

/** Creates an empty queue that continues after a position. */
export function createLaneQueue(position: number): LaneQueue {
  let batches: Batch[] = [];
  /** The last of the batches, while single incidents may be added to it. */
  let open: OpenBatch | undefined;
  let size = 0;

  function takeWhole(limit: number): readonly Batch[] {
    let count = 0;
    const end = batches.findIndex((batch) => {
      count += batch.incidents.length;
      return count > limit;
    });
    const taken = end === -1 ? batches : batches.slice(0, end);
    batches = end === -1 ? [] : batches.slice(end);
    return taken;
  }

  const queue: LaneQueue = {
    routed: position,
    get size() {
      return size;
    },
    push(incident, at, reached) {
      if (open === undefined) {
        open = { incidents: [], positions: [], reached: [], through: 0 };
        batches.push(open);
      }
      open.incidents.push(incident);
      open.positions.push(at);
      open.reached.push(reached);
      size += 1;
    },
    pushRun(before, incidents, reached) {
      open = undefined;
      batches.push({ incidents, positions: before, reached, through: 0 });
      size += incidents.length;
    },
    take(limit) {
      const first = batches[0];
      if (first === undefined) return { incidents: [], positions: [], reached: [], through: queue.routed };
      if (first.incidents.length > limit) {
        batches[0] = part(first, limit);
        open = undefined;
        size -= limit;
        return { ...part(first, 0, limit), through: queue.taken() };
      }
      const taken = takeWhole(limit);
      open = undefined;
      const through = queue.taken();
      const batch = taken.length === 1 ? { ...first, through } : merge(taken, through);
      size -= batch.incidents.length;
      return batch;
    },
    reset(at) {
      batches = [];
      open = undefined;
      size = 0;
      queue.routed = at;
    },
    taken() {
      const first = batches[0];
      const next = first === undefined ? undefined : positionAt(first, 0);
      return next === undefined ? queue.routed : next - 1;
    },
  };
  return queue;
}
