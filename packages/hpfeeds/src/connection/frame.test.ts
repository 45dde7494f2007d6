import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrameReader, HEADER, publishFrame, readPublish, roomFor, takeName } from './frame.ts';

describe('frames', () => {
  it('are decoded unchanged, however the bytes are split', () => {
    const name = fc.string({ maxLength: 60 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, name, fc.uint8Array({ maxLength: 300 })), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (messages, cuts) => {
          const bytes = Buffer.concat(
            messages.map(([ident, channel, body]) => publishFrame(ident, channel, body)),
          );
          const reader = createFrameReader();
          const frames = [];
          for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
            const next = at + (cuts[cut % cuts.length] ?? 1);
            frames.push(...reader.push(bytes.subarray(at, next)));
            at = next;
          }
          const decoded = frames.map(({ payload }) => readPublish(payload));
          expect(decoded.map(({ ident, channel, message }) => [ident, channel, [...message]])).toEqual(
            messages.map(([ident, channel, body]) => [
              Buffer.from(ident).toString(),
              Buffer.from(channel).toString(),
              [...body],
            ]),
          );
        },
      ),
    );
  });

  it.each([0, 4, -1, 0x7fffffff])('with the length %i are invalid', (length) => {
    const bytes = Buffer.alloc(HEADER);
    bytes.writeInt32BE(length);
    expect(() => createFrameReader().push(bytes)).toThrow(/Expected a frame of 5 to/);
  });

  it('contain names of at most 254 bytes, because some clients count modulo 255', () => {
    expect(() => publishFrame('é'.repeat(128), 'c', Buffer.alloc(0))).toThrow(/at most 254 bytes, found 256/);
    expect(() => takeName(Buffer.from([5, 1, 2]))).toThrow(/Expected a name/);
  });

  it('of the largest message have the largest size that a broker accepts', () => {
    const payload = Buffer.alloc(roomFor('ident', 'channel', 4096));
    expect(publishFrame('ident', 'channel', payload)).toHaveLength(4096 + HEADER);
  });
});
