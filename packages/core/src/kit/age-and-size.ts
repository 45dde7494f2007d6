import { z } from 'zod';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ageUnits = { h: HOUR, d: DAY, w: 7 * DAY, y: 365 * DAY };
const sizeUnits = {
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

function amountOption(units: Readonly<Record<string, number>>, what: string) {
  const names = Object.keys(units);
  const expected = `expected ${what} (units ${names.join(', ')})`;
  return z
    .string(expected)
    .regex(new RegExp(`^\\d{1,9}(\\.\\d{1,3})? ?(${names.join('|')})$`), expected)
    .transform((text) => {
      const unit = text.replace(/^[\d.]+ ?/, '');
      return Math.round(Number.parseFloat(text) * (units[unit] ?? 0));
    });
}

/**
 * An age in an options schema: what a user writes as `90d` (units h, d, w, y) becomes milliseconds. Minutes (m) are taken
 * only where that is asked for: whoever writes how long something is kept as `6m` may mean months.
 */
export function ageOption(example: string, { minutes = false }: { readonly minutes?: boolean } = {}) {
  return amountOption(minutes ? { m: MINUTE, ...ageUnits } : ageUnits, `an age such as "${example}"`);
}

/** A size in an options schema: what a user writes as `2GB` or `512 MiB` becomes bytes. Units kB to TB, and KiB to TiB. */
export function sizeOption(example: string) {
  return amountOption(sizeUnits, `a size such as "${example}"`);
}
