import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import type { BuiltProgram } from '../built-program.ts';
import type { Program } from '../program.ts';
import { numbersIn, startedIn, until } from '../running-world.ts';
import type { World } from '../world.ts';
import { attackWorld, linesOf, numbers } from './attack-world.ts';
import type { BadHandler } from './bad-handlers.ts';

/** Runs a bad handler in a thread beside a good one. Expects that the good one gets everything, and the bad one the rest. */
export async function expectIsolated(
  program: BuiltProgram,
  bad: BadHandler,
): Promise<{ readonly world: World; readonly running: Program }> {
  const world = attackWorld(program, bad);
  const limits = 'from: beginning, isolate: { memory: 32MiB, timeout: 1s }';
  world.write('my.yaml', world.read('my.yaml').replace('from: beginning', limits));
  const running = await startedIn(program, world);
  await until(
    () => numbersIn(world),
    ({ length }) => length === numbers.length,
  );
  world.write('numbers', linesOf([...numbers, 21]));
  await until(
    () => numbersIn(world),
    ({ length }) => length === numbers.length + 1,
  );
  // An incident that ends the thread is tried five times.
  const end = performance.now() + 90_000;
  while ((await statusOf(program, world)).pending > 0 && performance.now() < end) await pause(500);
  expect((await statusOf(program, world)).pending).toBe(0);
  expect(running.child.exitCode).toBe(null);
  return { world, running };
}

/** The status of the bad handler. */
export async function statusOf(program: BuiltProgram, world: World) {
  const { stdout } = await program.start(world, ['status', '-c', 'my.yaml', '--json']).ended;
  const { ihandlers } = JSON.parse(stdout);
  return ihandlers.find(({ instance }: { readonly instance: string }) => instance === 'bad');
}
