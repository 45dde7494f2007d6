import { describe, expect, it } from 'vitest';
import { createLossCounter } from './loss-counter.ts';

describe('the loss counter', () => {
  it('counts the gaps in the numbers of each publisher, from its first message on', () => {
    const losses = createLossCounter();
    const missing: unknown[] = [];
    for (const [publisher, number] of [
      ['a', 5],
      ['a', 6],
      ['b', 0],
      ['a', 9],
      ['a', 8],
      ['b', 2],
      ['a', 10],
    ] as const)
      missing.push([publisher, losses.count(publisher, number), losses.total()]);
    expect(missing).toEqual([
      ['a', 0, 0],
      ['a', 0, 0],
      ['b', 0, 0],
      ['a', 2, 2],
      ['a', 0, 2],
      ['b', 1, 3],
      ['a', 0, 3],
    ]);
  });
});
