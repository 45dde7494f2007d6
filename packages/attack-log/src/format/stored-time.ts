import { formatTime } from '@ihandler/core/kit';
import type { StoredValue } from '../read/attack.ts';
import { storedText } from './stored-text.ts';

/** The time zone of the times in a text. */
export interface ZoneOptions {
  readonly utc?: boolean;
  /** An IANA name such as `Europe/Berlin`. @default the machine's own */
  readonly timeZone?: string;
}

/** Milliseconds since the Unix epoch of stored seconds, or undefined when they are outside the calendar. */
export function storedTime(value: StoredValue | undefined): number | undefined {
  const seconds = storedText(value).trim();
  const time = seconds === '' ? Number.NaN : Number(seconds) * 1000;
  return Math.abs(time) <= 8.64e15 ? time : undefined;
}

/** `2009-11-06 03:10:37Z` in UTC, `2009-11-06 04:10:37+01:00` elsewhere. */
export function formatTimeIn(time: number | undefined, { utc, timeZone = 'local' }: ZoneOptions): string {
  return formatTime(time ?? Number.NaN, utc === true ? 'UTC' : timeZone);
}
