import { describe, expect, it } from 'vitest';
import { createEventLoopYield } from './yield-to-event-loop.ts';

function work(): void {
  const end = performance.now() + 25;
  while (performance.now() < end);
}

describe('a lane in a loop', () => {
  it('gives way when it has kept the event loop for long', async () => {
    const courtesy = createEventLoopYield();
    courtesy.giveWay();
    work();
    const way = courtesy.giveWay();
    expect(way).toBeInstanceOf(Promise);
    await way;
  });

  it('goes on at once, however long its work took, when the others had their turn meanwhile', async () => {
    const courtesy = createEventLoopYield();
    courtesy.giveWay();
    work();
    await new Promise((resolve) => setImmediate(resolve));
    work();
    expect(courtesy.giveWay()).toBeUndefined();
  });
});
