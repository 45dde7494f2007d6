import { z } from 'zod';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Units of a length of time, in milliseconds. */
export const ageUnits = { m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };

/** Units of a size, in bytes. */
export const sizeUnits = { kB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** A whole number above zero with a unit, as a schema: `12h` becomes milliseconds, `100MB` bytes. */
export function amount(units: Readonly<Record<string, number>>, expected: string) {
  const names = Object.keys(units).join('|');
  return z
    .string(expected)
    .regex(new RegExp(`^[1-9]\\d{0,8} ?(${names})$`), expected)
    .transform((text) => Number.parseInt(text, 10) * (units[text.replace(/^\d+ ?/, '')] ?? 0));
}
