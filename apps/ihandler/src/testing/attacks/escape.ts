import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import type { BuiltProgram } from '../built-program.ts';
import { numbersIn, startedIn, stopped, until } from '../running-world.ts';
import { attackWorld, linesOf, numbers } from './attack-world.ts';
import type { BadHandler } from './bad-handlers.ts';

/** Expects that the program survives a handler, and that the other one gets everything, before and after. */
export async function expectSurvival(program: BuiltProgram, bad: BadHandler): Promise<void> {
  const world = attackWorld(program, bad);
  const running = await startedIn(program, world);
  await until(
    () => numbersIn(world),
    ({ length }) => length === numbers.length,
  );
  await pause(200);
  world.write('numbers', linesOf([...numbers, 21]));
  await until(
    () => numbersIn(world),
    ({ length }) => length === numbers.length + 1,
  );
  expect(running.child.exitCode).toBe(null);
  const ended = await stopped(running);
  expect(ended.code, ended.stderr).toBe(0);
}
