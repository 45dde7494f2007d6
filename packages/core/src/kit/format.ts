import { DAY, HOUR, MINUTE, SECOND } from '../timing/time-units.ts';

/** A value with one decimal when it is below 10, and whole otherwise; rounded down, so that no unit reaches the next one. */
function short(value: number): string {
  const scale = value < 10 ? 10 : 1;
  return (Math.floor(value * scale) / scale).toLocaleString('en');
}

/**
 * A count with thousands separators: `1,234,567`. With a noun: `1 incident`, `2,000 incidents`; pass the plural where it is
 * not the noun with an "s".
 */
export function formatCount(count: number, noun?: string, plural = `${noun}s`): string {
  const figure = count.toLocaleString('en');
  return noun === undefined ? figure : `${figure} ${count === 1 ? noun : plural}`;
}

/** Bytes in binary units: `0 B`, `1.5 KiB`, `512 MiB`, `2 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${short(value)} ${units[unit]}`;
}

/** A duration from milliseconds, in the largest unit that fits: `250 ms`, `3.2 s`, `12 min`, `1.5 h`, `3 days`, `2 years`. */
export function formatDuration(milliseconds: number): string {
  const span = Math.abs(milliseconds);
  if (span < SECOND) return `${Math.floor(span)} ms`;
  if (span < MINUTE) return `${short(span / SECOND)} s`;
  if (span < HOUR) return `${short(span / MINUTE)} min`;
  if (span < 2 * DAY) return `${short(span / HOUR)} h`;
  return span < 730 * DAY ? `${short(span / DAY)} days` : `${short(span / (365 * DAY))} years`;
}

/** Minutes by which the local time of a zone is ahead of UTC. */
function offsetMinutes(time: number, zone: string): number {
  if (zone === 'UTC') return 0;
  if (zone === 'local') return -new Date(time).getTimezoneOffset();
  const name = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    .formatToParts(time)
    .find(({ type }) => type === 'timeZoneName')?.value;
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)/.exec(name ?? '') ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
}

/** The longest distance from the epoch, in milliseconds, that `Date` accepts. */
const LAST_TIME = 8.64e15;

/**
 * A time, from milliseconds since the Unix epoch, to the second: `2026-11-30 17:31:32Z`. In the zone `local` (the machine's)
 * or one with an IANA name it is that zone's time, with its offset: `2026-11-30 18:31:32+01:00`. What is outside the calendar
 * is `unknown time`. Throws `RangeError` for an unknown zone.
 */
export function formatTime(time: number, zone: 'UTC' | 'local' | (string & {}) = 'UTC'): string {
  if (!(Math.abs(time) <= LAST_TIME)) return 'unknown time';
  const offset = offsetMinutes(time, zone);
  const shifted = time + offset * MINUTE;
  if (Math.abs(shifted) > LAST_TIME) return 'unknown time';
  const text = new Date(shifted)
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace('T', ' ');
  if (zone === 'UTC') return `${text}Z`;
  const [hours, minutes] = [Math.abs(offset) / 60, Math.abs(offset) % 60].map((part) =>
    String(Math.floor(part)).padStart(2, '0'),
  );
  return `${text}${offset < 0 ? '-' : '+'}${hours}:${minutes}`;
}
