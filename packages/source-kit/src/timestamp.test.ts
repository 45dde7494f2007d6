import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTimestampParser } from './timestamp.ts';

describe('a timestamp of dionaea', () => {
  const parse = createTimestampParser();

  it('is UTC, with microseconds as a fraction of a millisecond', () => {
    expect(parse('2026-11-22T06:24:54.818162')).toBe(Date.UTC(2026, 10, 22, 6, 24, 54) + 818.162);
    expect(parse('2026-11-22T06:24:54')).toBe(Date.UTC(2026, 10, 22, 6, 24, 54));
    expect(parse('2026-11-22 06:24:54.5')).toBe(Date.UTC(2026, 10, 22, 6, 24, 54, 500));
    expect(parse('2024-02-29T23:59:60')).toBe(Date.UTC(2024, 2, 1));
  });

  it('may have a zone', () => {
    const expected = Date.UTC(2026, 10, 22, 6, 24, 54, 250);
    for (const zone of ['Z', 'z', '+00:00', '-0000'])
      expect(parse(`2026-11-22T06:24:54.25${zone}`)).toBe(expected);
    expect(parse('2026-11-22T08:24:54.25+02:00')).toBe(expected);
    expect(parse('2026-11-22T00:54:54.25-0530')).toBe(expected);
  });

  it('equals the result of Date for the same text with a Z, for every time', () => {
    const min = new Date('1000-01-01T00:00:00Z');
    fc.assert(
      fc.property(fc.date({ min, max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }), (date) => {
        expect(parse(date.toISOString().slice(0, -1))).toBe(date.getTime());
      }),
    );
  });

  it.each([
    undefined,
    null,
    1795328694,
    '',
    'yesterday',
    '2026-11-22',
    '2026-11-22T06:24',
    '2026-13-22T06:24:54',
    '2026-00-22T06:24:54',
    '2026-11-31T06:24:54',
    '2026-11-22T24:24:54',
    '2026-11-22T06:60:54',
    '2026-11-22T06:24:54.',
    '2026-11-22T06:24:54.1x',
    '2026-11-22T06:24:54+2',
    '2026-11-22T06:24:54 UTC',
    '2026-11-22T06:24:5４',
    '２026-11-22T06:24:54',
    `2026-11-22T06:24:54.${'1'.repeat(1000)}`,
  ])('is undefined for %j, and parsing continues', (text) => {
    expect(parse(text)).toBeUndefined();
    expect(parse('2026-11-22T06:24:54')).toBe(Date.UTC(2026, 10, 22, 6, 24, 54));
  });
});
