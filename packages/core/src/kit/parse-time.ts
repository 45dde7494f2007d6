import { IhandlerError } from '../contract/error.ts';

const units: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};
const calendar = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$/i;

/**
 * Parses a time in an option of a command and returns milliseconds since the Unix epoch. The user writes a date with or without
 * a time, which is local (with `utc`: UTC) unless it names a zone, or a duration before now (`24h`, `7d`). `option` is the name
 * of the option, for the message. Throws `OPTIONS_INVALID` for anything else.
 */
export function parseTime(option: string, written: string, now: number, { utc = false } = {}): number {
  const ago = /^(\d{1,9}(?:\.\d{1,9})?)([smhdw])$/.exec(written);
  if (ago !== null) return now - Number(ago[1]) * (units[ago[2] ?? ''] ?? 0);
  const date = calendar.exec(written);
  const time = Date.parse(
    date === null
      ? ''
      : // Date.parse takes a date without a time as UTC, and one with a time as local.
        `${written.replace(' ', 'T')}${written.length === 10 ? 'T00:00' : ''}${utc && date[1] === undefined ? 'Z' : ''}`,
  );
  if (Number.isNaN(time))
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `--${option} expects a date or an age, such as 2026-11-22, "2026-11-22 06:30", 24h or 7d; found ${JSON.stringify(written.slice(0, 80))}.`,
    );
  return time;
}
