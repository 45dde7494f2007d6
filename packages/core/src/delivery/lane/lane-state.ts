import type { LaneStatus } from '../dispatcher-options.ts';

/** What a lane is doing, as its status tells. */
export interface LaneState {
  enter(next: LaneStatus['state'], failure?: string): void;
  /** The lane has moved on. */
  moved(): void;
  /** When it last moved on, on the clock of `performance.now()`. */
  movedAt(): number;
  /** What it is doing, since when, and what went wrong if anything did. */
  now(): Pick<LaneStatus, 'state' | 'since' | 'failure'>;
  is(state: LaneStatus['state']): boolean;
}

/** Begins as new. `clock`: milliseconds since the Unix epoch. */
export function createLaneState(clock: () => number): LaneState {
  let state: LaneStatus['state'] = 'new';
  let since = clock();
  let failure: string | undefined;
  let movedAt = performance.now();
  return {
    enter(next, problem) {
      if (next !== state) since = clock();
      state = next;
      failure = problem;
    },
    moved() {
      movedAt = performance.now();
    },
    movedAt: () => movedAt,
    now: () => ({ state, since, ...(failure !== undefined && { failure }) }),
    is: (asked) => state === asked,
  };
}
