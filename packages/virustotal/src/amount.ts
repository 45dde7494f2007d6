import { z } from 'zod';

/** Units of an age, in milliseconds. */
export const ageUnits = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** Units of a size, in bytes. */
export const sizeUnits = { MB: 1e6, GB: 1e9, MiB: 2 ** 20, GiB: 2 ** 30 };

/** A number with a unit, as a schema: `7d` becomes milliseconds, `32MB` bytes. */
export function amount(units: Readonly<Record<string, number>>, examples: string) {
  const names = Object.keys(units).join('|');
  return z
    .string(`expected ${examples}`)
    .regex(new RegExp(`^\\d{1,9}(\\.\\d{1,3})? ?(${names})$`), `expected ${examples}`)
    .transform((text) => {
      const unit = text.replace(/^[\d.]+ ?/, '');
      return Number.parseFloat(text) * (units[unit] ?? 0);
    });
}
