import { IhandlerError } from '@ihandler/core';

const units: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};
const calendar = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * The time, in milliseconds since the Unix epoch, that a user wrote: a date with or without a time, local when it names no
 * zone, or how long ago (`24h`, `7d`). Throws `OPTIONS_INVALID` for anything else.
 */
export function parseTime(option: string, written: string, now: number): number {
  const ago = /^(\d{1,9}(?:\.\d{1,9})?)([smhdw])$/.exec(written);
  if (ago !== null) return now - Number(ago[1]) * (units[ago[2] ?? ''] ?? 0);
  // A date alone would be UTC, a date with a time local.
  const iso = written.length === 10 ? `${written}T00:00` : written.replace(' ', 'T');
  const time = calendar.test(written) ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(time))
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `--${option} expects a date or how long ago, such as 2026-11-22, "2026-11-22 06:30", 24h or 7d; found ${JSON.stringify(written.slice(0, 80))}.`,
    );
  return time;
}
