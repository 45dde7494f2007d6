/** When the time of fixtures begins: 2026-01-01 00:00 UTC, in milliseconds since the Unix epoch. */
export const FIXED_TIME = Date.UTC(2026, 0, 1);

/** A clock that stands still until it is told to go on. */
export interface Clock {
  /** Milliseconds since the Unix epoch. Needs no `this`: pass it on as `now`. */
  readonly now: () => number;
  /** Goes on by so many milliseconds; back, when they are negative, as real clocks sometimes do. */
  advance(milliseconds: number): void;
}

/** Makes a clock that shows `start`, in milliseconds since the Unix epoch. */
export function createClock(start: number = FIXED_TIME): Clock {
  let time = start;
  return {
    now: () => time,
    advance(milliseconds) {
      time += milliseconds;
    },
  };
}
