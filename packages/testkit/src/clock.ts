/** The first time of fixtures: 2026-01-01 00:00 UTC, in milliseconds since the Unix epoch. */
export const FIXED_TIME = Date.UTC(2026, 0, 1);

/** A clock that moves only when `advance` is called. */
export interface Clock {
  /** The time in milliseconds since the Unix epoch. Does not use `this`, so it can be passed as `now`. */
  readonly now: () => number;
  /** Moves the clock by a number of milliseconds. A negative number moves it back, as a real clock may be set back. */
  advance(milliseconds: number): void;
}

/** Makes a clock that starts at `start`, in milliseconds since the Unix epoch. */
export function createClock(start: number = FIXED_TIME): Clock {
  let time = start;
  return {
    now: () => time,
    advance(milliseconds) {
      time += milliseconds;
    },
  };
}
