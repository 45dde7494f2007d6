import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, covers, isTaken } from './checkpoint.ts';

const streams = ['s', 't', '__proto__', 'constructor', 'a:b', 's/one/0'] as const;
const idOf = fc
  .tuple(fc.constantFrom(...streams), fc.nat(20))
  .map(([stream, n]) => ({ id: `${stream}:${n}` }));
const checkpointOf = (ids: readonly { readonly id: string }[]) => {
  const checkpoint: Record<string, number> = Object.create(null);
  for (const id of ids) advance(checkpoint, id);
  return checkpoint;
};

describe('a checkpoint', () => {
  it('covers the incident it was raised to and all earlier ones of the stream, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(idOf), idOf, (taken, asked) => {
        const [, stream, ordinal] = /^(.*):(\d+)$/.exec(asked.id) ?? [];
        const highest = taken.flatMap(({ id }) =>
          id.startsWith(`${stream}:`) ? [Number(id.slice(id.lastIndexOf(':') + 1))] : [],
        );
        expect(isTaken(checkpointOf(taken), asked)).toBe(Number(ordinal) <= Math.max(-1, ...highest));
      }),
    );
  });

  it('covers another checkpoint when it covers everything that the other covers', () => {
    fc.assert(
      fc.property(fc.array(idOf), fc.array(idOf), (some, others) => {
        const [left, right] = [checkpointOf(some), checkpointOf(others)];
        expect(covers(left, right)).toBe(others.every((id) => isTaken(left, id)));
        expect(covers(checkpointOf([...some, ...others]), right)).toBe(true);
      }),
    );
  });

  it('does not take members of every object for streams', () => {
    expect(isTaken({}, { id: 'constructor:0' })).toBe(false);
    expect(covers({}, { toString: 0 })).toBe(false);
    expect(covers({}, {})).toBe(true);
  });
});
