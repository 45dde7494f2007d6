import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers } from './ensure-stream.ts';
import { createSubjects, partitionOf, partitionSubject, subjectToken } from './subject.ts';

describe('subjects', () => {
  it('encode every sensor name as one token of its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (left, right) => {
        expect(subjectToken(left)).toMatch(/^[A-Za-z0-9_=-]+$/);
        expect(subjectToken(left) === subjectToken(right)).toBe(Buffer.from(left).equals(Buffer.from(right)));
      }),
    );
  });

  it('contain partition, sensor and origin, and match the consumer of the partition', () => {
    const subject = createSubjects('ihandler', 16)('pot.1', 'dionaea.connection.tcp.accept');
    expect(subject).toBe(`ihandler.${partitionOf('pot.1', 16)}.pot=2e1.dionaea.connection.tcp.accept`);
    expect(covers(partitionSubject('ihandler', partitionOf('pot.1', 16)), subject)).toBe(true);
  });

  it('assign a sensor to a partition by the first four bytes of its SHA-256', () => {
    // The first bytes of the published digests of "abc" (FIPS 180-4) and of the empty string.
    expect([partitionOf('abc', 4096), partitionOf('', 4096)]).toEqual([0xba7816bf % 4096, 0xe3b0c442 % 4096]);
  });

  it('distribute many sensors evenly', () => {
    const counts = new Array<number>(16).fill(0);
    for (let n = 0; n < 16_000; n += 1) {
      const partition = partitionOf(`sensor-${n}`, 16);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it.each([
    ['ihandler.>', 'ihandler.0.a', true],
    ['ihandler.>', 'ihandler', false],
    ['ihandler.*.a', 'ihandler.0.a', true],
    ['ihandler.*.a', 'ihandler.0.b', false],
    ['>', 'x', true],
    ['ihandler.*', 'ihandler.0.a', false],
  ])('match wildcards: %s covers %s: %s', (pattern, subject, expected) => {
    expect(covers(pattern, subject)).toBe(expected);
  });
});
