import type { Incident } from '../contract/incident.ts';
import { MINUTE } from '../timing/time-units.ts';

/** How far a clock may differ, in milliseconds. */
const TOLERANCE = 2 * MINUTE;
/** How long a lag must be the same before it is that of a clock, and not a backlog that shrinks, in milliseconds. */
const STEADY = 10 * MINUTE;
/** No sensor has reported anything before this time; a clock without a battery starts in 1970 or 2000. */
const EARLIEST = Date.UTC(2009);
/** How many sensors are watched, the ones that reported last. */
const WATCHED = 1000;
/** How many clocks are shown. */
const SHOWN = 20;

/** The clock of a sensor that differs from the clock of this host. */
export interface SensorClock {
  readonly sensor: string;
  /** By how much it is ahead, in milliseconds; negative when it is behind. */
  readonly ahead: number;
  /** The time of the incident that shows it, on the clock of the sensor. */
  readonly timestamp: number;
}

interface Clock {
  ahead: number;
  timestamp: number;
  /** Since when the lag has stayed within the tolerance, and between which values. */
  since: number;
  at: number;
  low: number;
  high: number;
}

/** Compares the times of incidents, for each sensor, with the time at which they are accepted. */
export interface SensorClocks {
  /** Adds a batch that is accepted now. */
  add(batch: readonly Incident[], now: number): void;
  /** The clocks that are wrong by what each sensor reported last, the worst first. */
  wrong(): readonly SensorClock[];
}

function newestOf(batch: readonly Incident[]): ReadonlyMap<string, number> {
  const newest = new Map<string, number>();
  let last: string | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const { sensor, timestamp } of batch) {
    if (sensor !== last) {
      if (last !== undefined) newest.set(last, highest);
      last = sensor;
      highest = newest.get(sensor) ?? Number.NEGATIVE_INFINITY;
    }
    if (timestamp > highest) highest = timestamp;
  }
  if (last !== undefined) newest.set(last, highest);
  return newest;
}

/**
 * Whether a clock is wrong. Nothing comes from the future, or from before 2009. Otherwise incidents may be late: only a lag
 * that stays the same is that of a clock.
 */
function isWrong({ ahead, timestamp, since, at }: Clock): boolean {
  if (Math.abs(ahead) <= TOLERANCE) return false;
  return ahead > 0 || timestamp < EARLIEST || at - since >= STEADY;
}

/** Creates a {@link SensorClocks}. */
export function createSensorClocks(): SensorClocks {
  const clocks = new Map<string, Clock>();

  function note(sensor: string, timestamp: number, now: number): void {
    const ahead = timestamp - now;
    const before = clocks.get(sensor);
    const low = Math.min(before?.low ?? ahead, ahead);
    const high = Math.max(before?.high ?? ahead, ahead);
    const isSteady = before !== undefined && high - low <= TOLERANCE;
    const range = isSteady ? { since: before.since, low, high } : { since: now, low: ahead, high: ahead };
    clocks.delete(sensor);
    clocks.set(sensor, { ahead, timestamp, at: now, ...range });
    const [oldest] = clocks.keys();
    if (clocks.size > WATCHED && oldest !== undefined) clocks.delete(oldest);
  }

  return {
    add(batch, now) {
      for (const [sensor, timestamp] of newestOf(batch)) note(sensor, timestamp, now);
    },
    wrong: () =>
      [...clocks]
        .filter(([, clock]) => isWrong(clock))
        .map(([sensor, { ahead, timestamp }]) => ({ sensor, ahead, timestamp }))
        .sort((a, b) => Math.abs(b.ahead) - Math.abs(a.ahead))
        .slice(0, SHOWN),
  };
}
