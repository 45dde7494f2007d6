import { describe, expect, it } from 'vitest';
import { createEventLoopYield } from './yield-to-event-loop.ts';

function work(): void {
  const end = performance.now() + 25;
  while (performance.now() < end);
}

describe('a loop that yields to the event loop', () => {
  it('waits when the event loop has not run for a turn', async () => {
    const turns = createEventLoopYield();
    turns.afterWork();
    work();
    const yielded = turns.afterWork();
    expect(yielded).toBeInstanceOf(Promise);
    await yielded;
  });

  it('continues at once when the event loop has run meanwhile, however long the work took', async () => {
    const turns = createEventLoopYield();
    turns.afterWork();
    work();
    await new Promise((resolve) => setImmediate(resolve));
    work();
    expect(turns.afterWork()).toBeUndefined();
  });
});
