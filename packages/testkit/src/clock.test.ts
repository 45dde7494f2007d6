import { expect, it } from 'vitest';
import { createClock, incident } from './index.ts';

it('stands still until it is told to go on', () => {
  const { now, advance } = createClock();
  expect(now()).toBe(incident('dionaea.xmatch.detected').timestamp);
  advance(1500);
  expect(now() - incident('dionaea.xmatch.detected').timestamp).toBe(1500);
});

it('begins where a test wants, and may go back', () => {
  const clock = createClock(1000);
  clock.advance(-1);
  expect(clock.now()).toBe(999);
});
