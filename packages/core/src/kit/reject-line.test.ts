import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reject } from '../contract/source.ts';
import { formatReject, parseReject } from './reject-line.ts';

const place = { file: '/var/log/incidents.ndjson', offset: 120, length: 9, reason: 'Expected JSON.' };

describe('a line of a rejects file', () => {
  it('is parsed into the same reject, whatever its text', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u0000', '\ud800', '\u2028', 'a\nb\r', '\u001b[2J'),
    );
    fc.assert(
      fc.property(texts, fc.nat(), (text, offset) => {
        const reject: Reject = { ...place, offset, text };
        const line = formatReject(reject);
        expect(line).not.toContain('\n');
        expect(parseReject(line)).toEqual(reject);
      }),
    );
  });

  it('preserves bytes that are not UTF-8', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = parseReject(formatReject({ ...place, text: bytes }))?.text;
        expect(Buffer.from(text ?? 'missing')).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('holds the position of input that was too large', () => {
    expect(formatReject(place)).toBe(
      '{"rejected":{"file":"/var/log/incidents.ndjson","offset":120,"length":9,"reason":"Expected JSON."}}',
    );
    expect(parseReject(formatReject(place))).toEqual(place);
  });

  it('is distinguished from any other line', () => {
    const others = [
      '',
      'x',
      'null',
      '[]',
      '{"origin":"a"}',
      '{"rejected":1}',
      '{"rejected":{"file":"a","offset":-1,"length":0,"reason":""}}',
      '{"rejected":{"file":"a","offset":0.5,"length":0,"reason":""}}',
      '{"rejected":{"file":"a","offset":0,"length":0}}',
    ];
    expect(others.map(parseReject)).toEqual(others.map(() => undefined));
  });
});
