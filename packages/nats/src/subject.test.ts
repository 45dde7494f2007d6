import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers } from './ensure-stream.ts';
import { createSubjects, partitionOf, partitionSubject, subjectToken } from './subject.ts';

describe('subjects', () => {
  it('are one token a sensor, whatever its name, and no two sensors have the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (left, right) => {
        expect(subjectToken(left)).toMatch(/^[A-Za-z0-9_=-]+$/);
        expect(subjectToken(left) === subjectToken(right)).toBe(Buffer.from(left).equals(Buffer.from(right)));
      }),
    );
  });

  it('say partition, sensor and origin, and are found by the consumer of the partition', () => {
    const subject = createSubjects('ihandler', 16)('pot.1', 'dionaea.connection.tcp.accept');
    expect(subject).toBe(`ihandler.${partitionOf('pot.1', 16)}.pot=2e1.dionaea.connection.tcp.accept`);
    expect(covers(partitionSubject('ihandler', partitionOf('pot.1', 16)), subject)).toBe(true);
  });

  it('put a sensor into the same partition for good: by the first four bytes of its SHA-256', () => {
    // The published digests of "abc" (FIPS 180-4) and of nothing begin so.
    expect([partitionOf('abc', 4096), partitionOf('', 4096)]).toEqual([0xba7816bf % 4096, 0xe3b0c442 % 4096]);
  });

  it('divide many sensors evenly', () => {
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
  ])('%s covers %s: %s', (pattern, subject, expected) => {
    expect(covers(pattern, subject)).toBe(expected);
  });
});
