import type { BuiltProgram } from '../built-program.ts';
import { liveWorld } from '../running-world.ts';
import type { World } from '../world.ts';
import { type BadHandler, moduleOf } from './bad-handlers.ts';

/** The numbers that the source brings. The bad handler does its worst at 13. */
export const numbers: readonly number[] = Array.from({ length: 20 }, (_, i) => i + 1);

/** Lines for the source. */
export function linesOf(all: readonly number[]): string {
  return all.map((n) => `${n}\n`).join('');
}

/** A world with a bad handler before a good one, which keeps the numbers. `settings` are lines of the configuration. */
export function attackWorld(program: BuiltProgram, bad: BadHandler, settings = ''): World {
  const world = liveWorld(
    program,
    `data: data
health: { port: 0 }
${settings}
sources:
  - { name: tail, config: { file: numbers } }
ihandlers:
  - { name: ./bad.mjs, from: beginning }
  - { name: keep, config: { file: kept.json } }
`,
  );
  world.write('bad.mjs', moduleOf(bad));
  world.write('numbers', linesOf(numbers));
  return world;
}
