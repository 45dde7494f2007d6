import { z } from 'zod';
import { DAY, HOUR, MINUTE, SECOND } from '../timing/time-units.ts';

type Units = Readonly<Record<string, number>>;

const ageUnits: Units = { h: HOUR, d: DAY, w: 7 * DAY, y: 365 * DAY };
const durationUnits: Units = { ms: 1, s: SECOND, m: MINUTE, ...ageUnits };
const sizeUnits: Units = {
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** The limits of an amount, both inclusive and written as a user writes the amount: `{ min: '1s', max: '1h' }`. */
export interface AmountLimits {
  readonly min?: string;
  readonly max?: string;
}

function parserOf(units: Units) {
  const names = Object.keys(units);
  const pattern = new RegExp(`^\\d{1,9}(\\.\\d{1,3})? ?(${names.join('|')})$`);
  const parse = (text: string) =>
    Math.round(Number.parseFloat(text) * (units[text.replace(/^[\d.]+ ?/, '')] ?? Number.NaN));
  return { names, pattern, parse };
}

function amountOption(units: Units, what: string, example: string, { min, max }: AmountLimits) {
  const { names, pattern, parse } = parserOf(units);
  for (const written of [example, min, max])
    if (written !== undefined && !pattern.test(written))
      throw new TypeError(
        `Expected ${what} such as "${names.map((name) => `1${name}`).join('", "')}", found "${written}".`,
      );
  const limits = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
  ].join(' and ');
  const expected = `expected ${what} such as "${example}"${limits && `, ${limits}`} (units ${names.join(', ')})`;
  const [least, most] = [
    parse(min ?? `0${names[0]}`),
    max === undefined ? Number.POSITIVE_INFINITY : parse(max),
  ];
  return z
    .string(expected)
    .regex(pattern, expected)
    .transform(parse)
    .refine((amount) => amount >= least && amount <= most, expected);
}

/**
 * A duration in an options schema: the user writes `500ms`, `30s`, `5m`, `1h` or `90d` (units ms, s, m, h, d, w, y), the
 * handler gets milliseconds. Write a default as the user would: `durationOption('30s').prefault('30s')`. For how long
 * something is kept use {@link ageOption}. Throws `TypeError` when `example` or a limit is not a duration.
 */
export function durationOption(example: string, limits: AmountLimits = {}) {
  return amountOption(durationUnits, 'a duration', example, limits);
}

/**
 * How long something is kept, in an options schema: the user writes `12h` or `90d` (units h, d, w, y), the handler gets
 * milliseconds. Minutes are invalid here, because `6m` could be meant as six months and would delete data.
 */
export function ageOption(example: string, limits: AmountLimits = {}) {
  return amountOption(ageUnits, 'an age', example, limits);
}

/**
 * A size in an options schema: the user writes `2GB` or `512 MiB` (units kB to TB, KiB to TiB), the handler gets bytes.
 */
export function sizeOption(example: string, limits: AmountLimits = {}) {
  return amountOption(sizeUnits, 'a size', example, limits);
}
