import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineSplitter } from './split-lines.ts';

interface Line {
  readonly text: string | undefined;
  readonly start: number;
  readonly end: number;
  readonly isComplete: boolean;
}

function split(chunks: readonly Uint8Array[], limit = 1000, offset = 0): Line[] {
  const lines: Line[] = [];
  const splitter = createLineSplitter(
    offset,
    limit,
    (bytes, from, to, start, end, isComplete) => {
      const text = bytes?.toString('utf8', from, to);
      lines.push({ text, start, end, isComplete });
    },
    (start, length) => lines.push({ text: 'NUL', start, end: start + length, isComplete: true }),
  );
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

describe('the line splitter', () => {
  const bytes = Buffer.from('{"a":"é€😀"}\r\n\n\nzwei\n日本\nlast');

  it('gives each line with its position, and the last one without a newline as incomplete', () => {
    expect(split([bytes])).toEqual([
      { text: '{"a":"é€😀"}\r', start: 0, end: 19, isComplete: true },
      { text: 'zwei', start: 21, end: 26, isComplete: true },
      { text: '日本', start: 26, end: 33, isComplete: true },
      { text: 'last', start: 33, end: 38, isComplete: false },
    ]);
  });

  it('gives the same lines wherever the bytes are split into chunks, also within characters', () => {
    const expected = split([bytes]);
    for (let at = 0; at <= bytes.length; at += 1)
      expect(split([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(expected);
    expect(split([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
  });

  it('gives the same lines for any bytes and any chunks', () => {
    const piece = fc
      .uint8Array({ maxLength: 12 })
      .map((raw) => raw.map((byte) => (byte % 5 === 0 ? 10 : byte % 5 === 1 ? 0 : byte)));
    fc.assert(
      fc.property(fc.array(piece), fc.nat(20), (pieces, limit) => {
        expect(split(pieces, limit)).toEqual(split([Buffer.concat(pieces)], limit));
      }),
    );
  });

  it('separates NUL bytes at the beginning of a line from it, in any number, with their position', () => {
    const nulls = Buffer.concat([Buffer.from('a\n'), Buffer.alloc(50), Buffer.from('b\0c\n\0\0\nd\n\0')]);
    for (const chunks of [[nulls], [...nulls].map((byte) => Uint8Array.of(byte))])
      expect(split(chunks, 10)).toEqual([
        { text: 'a', start: 0, end: 2, isComplete: true },
        { text: 'NUL', start: 2, end: 52, isComplete: true },
        { text: 'b\0c', start: 52, end: 56, isComplete: true },
        { text: 'NUL', start: 56, end: 58, isComplete: true },
        { text: 'd', start: 59, end: 61, isComplete: true },
        { text: 'NUL', start: 61, end: 62, isComplete: true },
      ]);
  });

  it('gives the position of a line that is longer than the limit, without its bytes', () => {
    const long = Buffer.from(`${'x'.repeat(11)}\nok\n${'y'.repeat(12)}`);
    for (const chunks of [[long], [...long].map((byte) => Uint8Array.of(byte))])
      expect(split(chunks, 10, 100)).toEqual([
        { text: undefined, start: 100, end: 112, isComplete: true },
        { text: 'ok', start: 112, end: 115, isComplete: true },
        { text: undefined, start: 115, end: 128, isComplete: false },
      ]);
  });
});
