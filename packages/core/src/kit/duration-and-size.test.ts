import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseOptions } from '../contract/options.ts';
import { ageOption, durationOption, sizeOption } from './duration-and-size.ts';

const schema = z.strictObject({
  keep: ageOption('90d').optional(),
  every: durationOption('10m', { min: '1s', max: '1h' }).optional(),
  maxSize: sizeOption('2GB').optional(),
});

describe('an age', () => {
  it.each([
    ['12h', 43_200_000],
    ['90d', 7_776_000_000],
    ['1.5 w', 907_200_000],
    ['1y', 31_536_000_000],
    ['0d', 0],
  ])('of %s is %d milliseconds', (keep, milliseconds) => {
    expect(parseOptions(schema, { keep }, 'x')).toEqual({ keep: milliseconds });
  });

  it('does not accept minutes, which could be meant as months', () => {
    expect(() => parseOptions(schema, { keep: '6m' }, 'x')).toThrow(
      'keep: expected an age such as "90d" (units h, d, w, y); found "6m"',
    );
  });
});

describe('a duration', () => {
  it.each([
    ['1500ms', 1500],
    ['1s', 1000],
    ['30 s', 30_000],
    ['2.5m', 150_000],
    ['1h', 3_600_000],
  ])('of %s is %d milliseconds', (every, milliseconds) => {
    expect(parseOptions(schema, { every }, 'x')).toEqual({ every: milliseconds });
  });

  it.each(['999ms', '61m', '2d', '10', 'm', '-1m', '1 min', 60_000, null])(
    'between 1s and 1h cannot be %j',
    (every) => {
      expect(() => parseOptions(schema, { every }, 'x')).toThrow(
        'every: expected a duration such as "10m", at least 1s and at most 1h (units ms, s, m, h, d, w, y); found',
      );
    },
  );

  it('shows its pattern and its default, as the user writes them, in the JSON Schema', () => {
    expect(z.toJSONSchema(durationOption('30s').prefault('30s'), { io: 'input' })).toMatchObject({
      type: 'string',
      pattern: '^\\d{1,9}(\\.\\d{1,3})? ?(ms|s|m|h|d|w|y)$',
      default: '30s',
    });
  });

  it('throws when its own example or limit is not a duration', () => {
    expect(() => durationOption('30')).toThrow(TypeError);
    expect(() => durationOption('30s', { max: '1 month' })).toThrow(TypeError);
  });
});

describe('a size', () => {
  it.each([
    ['512kB', 512_000],
    ['100 MB', 1e8],
    ['0.3GB', 3e8],
    ['2TB', 2e12],
    ['1KiB', 1024],
    ['1.5MiB', 1_572_864],
    ['2GiB', 2_147_483_648],
    ['1TiB', 1_099_511_627_776],
  ])('of %s is %d bytes', (maxSize, bytes) => {
    expect(parseOptions(schema, { maxSize }, 'x')).toEqual({ maxSize: bytes });
  });

  it.each(['2', 'GB', '-1GB', '2gb', '2GB ', '1e3MB', '2 GBs', 2e9, null])('is not %j', (maxSize) => {
    expect(() => parseOptions(schema, { maxSize }, 'x')).toThrow(
      'maxSize: expected a size such as "2GB" (units kB, MB, GB, TB, KiB, MiB, GiB, TiB); found',
    );
  });
});
