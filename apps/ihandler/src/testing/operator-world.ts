import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BuiltProgram } from './built-program.ts';
import type { Program } from './program.ts';
import { liveWorld, numbersIn, stopped, until } from './running-world.ts';
import type { World } from './world.ts';

export { startedIn as startRun, until } from './running-world.ts';

/**
 * A handler that writes the numbers it gets to `flaky.out`, and gives up on those above 100 until there is a file `fixed`.
 * It forgets nothing, since it does not know how.
 */
const flaky = `
import { appendFileSync, existsSync } from 'node:fs';
export default {
  contract: 1,
  name: 'flaky',
  on: {
    'test.*': ({ data }) => {
      if (data.n > 100 && !existsSync('FOLDER/fixed'))
        throw Object.assign(new Error('\\u001b[31mno ' + data.n), { permanent: true });
      appendFileSync('FOLDER/flaky.out', data.n + '\\n');
    },
  },
};
`;

/** The configuration of such a world. */
export const settings = `data: data
health: { port: 0 }
sources:
  - { name: tail, config: { file: numbers } }
ihandlers:
  - { name: keep, config: { file: kept.json } }
  - ./flaky.js
`;

/** A world with a live source, a handler that keeps a checkpoint, and one that gives up on numbers above 100. */
export function createOperatorWorld(program: BuiltProgram): World {
  const world = liveWorld(program, settings);
  world.write('flaky.js', flaky.replaceAll('FOLDER', world.folder));
  world.write('numbers', '');
  return world;
}

/** The numbers that `flaky` has written, in order. */
export function flakyNumbers(world: World): readonly number[] {
  const text = existsSync(join(world.folder, 'flaky.out')) ? world.read('flaky.out') : '';
  return text.split('\n').filter(Boolean).map(Number);
}

/** The numbers that `keep` keeps. */
export const keptNumbers = (world: World): readonly number[] => numbersIn(world);

/** Stops it as a service manager does. */
export async function stopRun(running: Program): Promise<void> {
  await stopped(running);
}

/** Takes numbers in, and waits until both handlers have passed them; the program runs on. */
export async function takeIn(world: World, numbers: readonly number[]): Promise<void> {
  const before = keptNumbers(world).length;
  world.write('numbers', `${world.read('numbers')}${numbers.map((n) => `${n}\n`).join('')}`);
  const good = numbers.filter((n) => n !== 666).length;
  await until(
    () => keptNumbers(world),
    ({ length }) => length === before + good,
  );
  const fine = numbers.filter((n) => n <= 100);
  await until(
    () => flakyNumbers(world),
    (written) => fine.every((n) => written.includes(n)),
  );
}
