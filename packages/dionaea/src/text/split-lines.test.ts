import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineSplitter } from './split-lines.ts';

interface Line {
  readonly text: string | undefined;
  readonly start: number;
  readonly end: number;
  readonly whole: boolean;
}

function split(chunks: readonly Uint8Array[], limit = 1000, offset = 0): Line[] {
  const lines: Line[] = [];
  const splitter = createLineSplitter(
    offset,
    limit,
    (bytes, from, to, start, end, whole) => {
      const text = bytes?.toString('utf8', from, to);
      lines.push({ text, start, end, whole });
    },
    (start, length) => lines.push({ text: 'NUL', start, end: start + length, whole: true }),
  );
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

describe('cutting bytes into lines', () => {
  const bytes = Buffer.from('{"a":"é€😀"}\r\n\n\nzwei\n日本\nlast');

  it('gives each line with its place, and an unfinished one as not whole', () => {
    expect(split([bytes])).toEqual([
      { text: '{"a":"é€😀"}\r', start: 0, end: 19, whole: true },
      { text: 'zwei', start: 21, end: 26, whole: true },
      { text: '日本', start: 26, end: 33, whole: true },
      { text: 'last', start: 33, end: 38, whole: false },
    ]);
  });

  it('gives the same wherever the chunks are cut, within characters too', () => {
    const expected = split([bytes]);
    for (let at = 0; at <= bytes.length; at += 1)
      expect(split([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(expected);
    expect(split([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
  });

  it('gives the same for any bytes, cut anywhere', () => {
    const piece = fc
      .uint8Array({ maxLength: 12 })
      .map((raw) => raw.map((byte) => (byte % 5 === 0 ? 10 : byte % 5 === 1 ? 0 : byte)));
    fc.assert(
      fc.property(fc.array(piece), fc.nat(20), (pieces, limit) => {
        expect(split(pieces, limit)).toEqual(split([Buffer.concat(pieces)], limit));
      }),
    );
  });

  it('leaves NULs at the beginning of a line out of it, however many, and tells where they were', () => {
    const nulls = Buffer.concat([Buffer.from('a\n'), Buffer.alloc(50), Buffer.from('b\0c\n\0\0\nd\n\0')]);
    for (const chunks of [[nulls], [...nulls].map((byte) => Uint8Array.of(byte))])
      expect(split(chunks, 10)).toEqual([
        { text: 'a', start: 0, end: 2, whole: true },
        { text: 'NUL', start: 2, end: 52, whole: true },
        { text: 'b\0c', start: 52, end: 56, whole: true },
        { text: 'NUL', start: 56, end: 58, whole: true },
        { text: 'd', start: 59, end: 61, whole: true },
        { text: 'NUL', start: 61, end: 62, whole: true },
      ]);
  });

  it('tells the place of a line that is longer than the limit, without its bytes', () => {
    const long = Buffer.from(`${'x'.repeat(11)}\nok\n${'y'.repeat(12)}`);
    for (const chunks of [[long], [...long].map((byte) => Uint8Array.of(byte))])
      expect(split(chunks, 10, 100)).toEqual([
        { text: undefined, start: 100, end: 112, whole: true },
        { text: 'ok', start: 112, end: 115, whole: true },
        { text: undefined, start: 115, end: 128, whole: false },
      ]);
  });
});
