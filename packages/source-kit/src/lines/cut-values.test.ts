import { describe, expect, it } from 'vitest';
import { cutValues, longestRead } from './cut-values.ts';

describe('cutValues', () => {
  it('cuts the longest values first, nested ones too, and never within a character', () => {
    const data: Record<string, unknown> = {
      short: 'a',
      long: '\u{1f600}'.repeat(1000),
      deep: [{ b: 'c'.repeat(5000) }],
    };
    expect(cutValues(data, 9100, 4404)).toBe(true);
    expect(data['deep']).toEqual([{ b: 'c'.repeat(1101) }]);
    expect(data['long']).toBe('\u{1f600}'.repeat(550));
    expect(data['cut']).toMatchObject([
      { path: 'deep.0.b', bytes: 5000 },
      { path: 'long', bytes: 4000 },
    ]);
  });

  it('reads lines of up to 64 MiB, whatever maxLine is, or of up to maxLine', () => {
    const mib = 1024 * 1024;
    expect([1, 16, 32, 256].map((size) => longestRead(size * mib) / mib)).toEqual([4, 64, 64, 256]);
  });
});
