import type { Stored } from '../read/tree-model.ts';
import { storedText } from './stored-text.ts';

/** In which time zone to show times. */
export interface ZoneOptions {
  readonly utc?: boolean;
  /** An IANA name such as `Europe/Berlin`. @default the machine's own */
  readonly timeZone?: string;
}

/** Milliseconds since the Unix epoch of stored seconds, or undefined when they are no time that a calendar holds. */
export function storedTime(value: Stored | undefined): number | undefined {
  const seconds = storedText(value).trim();
  const time = seconds === '' ? Number.NaN : Number(seconds) * 1000;
  return Math.abs(time) <= 8.64e15 ? time : undefined;
}

function offsetMinutes(time: number, { utc, timeZone }: ZoneOptions): number {
  if (utc === true) return 0;
  if (timeZone === undefined) return -new Date(time).getTimezoneOffset();
  const zone = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
    .formatToParts(time)
    .find(({ type }) => type === 'timeZoneName')?.value;
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)/.exec(zone ?? '') ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
}

/** `2009-11-06 04:10:37 +01:00`, or with `UTC`. */
export function formatTime(time: number | undefined, options: ZoneOptions): string {
  if (time === undefined) return 'at an unknown time';
  const offset = offsetMinutes(time, options);
  const shifted = new Date(time + offset * 60_000);
  if (Number.isNaN(shifted.getTime())) return 'at an unknown time';
  const iso = shifted.toISOString();
  const local = iso.slice(0, iso.lastIndexOf('.')).replace('T', ' ');
  if (options.utc === true) return `${local} UTC`;
  const minutes = Math.abs(offset);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${local} ${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** How long something took, for people: `3.2 s`, `4 min`, `2 days`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.abs(milliseconds) / 1000;
  if (seconds < 60) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 360) / 10} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
