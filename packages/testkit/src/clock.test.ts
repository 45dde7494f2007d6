import { expect, it } from 'vitest';
import { createClock, incident } from './index.ts';

it('createClock makes a clock that moves only on request', () => {
  const { now, advance } = createClock();
  expect(now()).toBe(incident('dionaea.xmatch.detected').timestamp);
  advance(1500);
  expect(now() - incident('dionaea.xmatch.detected').timestamp).toBe(1500);
});

it('createClock starts at a given time and can move back', () => {
  const clock = createClock(1000);
  clock.advance(-1);
  expect(clock.now()).toBe(999);
});
