import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseOptions } from '../contract/options.ts';
import { ageOption, sizeOption } from './age-and-size.ts';

const schema = z.strictObject({
  keep: ageOption('90d').optional(),
  every: ageOption('10m', { minutes: true }).optional(),
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

  it('is told in minutes only where that is asked for', () => {
    expect(parseOptions(schema, { every: '10m' }, 'x')).toEqual({ every: 600_000 });
    expect(() => parseOptions(schema, { keep: '6m' }, 'x')).toThrow(
      'keep: expected an age such as "90d" (units h, d, w, y); found "6m"',
    );
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
