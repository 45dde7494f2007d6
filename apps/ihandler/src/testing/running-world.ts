import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { BuiltProgram } from './built-program.ts';
import { installKeep } from './fixture-packages.ts';
import { installTail } from './live-packages.ts';
import type { Program } from './program.ts';
import { createWorld, type World } from './world.ts';

/** A configuration whose source `tail` follows the file `numbers`, with any port for health. */
export const tailing =
  'data: data\nhealth: { port: 0 }\nsources:\n  - { name: tail, config: { file: numbers } }\n';

/** A world with the durable journal, the live source `tail` and the handler `keep`, and a configuration `my.yaml`. */
export function liveWorld(program: BuiltProgram, yaml: string): World {
  const world = createWorld();
  program.install(world, 'journal-sqlite');
  installTail(world);
  installKeep(world);
  world.write('my.yaml', yaml);
  return world;
}

/** Runs a world's configuration; resolves when all of it has started. */
export async function startedIn(program: BuiltProgram, world: World): Promise<Program> {
  const running = program.start(world, ['run', '-c', 'my.yaml']);
  await running.said('health and metrics');
  return running;
}

/** What the handler `keep` has in a file of its. */
export function numbersIn(world: World, file = 'kept.json'): readonly number[] {
  return existsSync(join(world.folder, file)) ? JSON.parse(world.read(file)).numbers : [];
}

/** Waits until something holds; throws, with what there is instead, when it does not within 30 s. */
export async function until<T>(look: () => T | Promise<T>, holds: (found: T) => boolean): Promise<void> {
  const end = performance.now() + 30_000;
  while (performance.now() < end) {
    if (holds(await look())) return;
    await pause(20);
  }
  throw new Error(`not within 30 s; found ${JSON.stringify(await look())}`);
}

/** Ends it as a service manager does. */
export function stopped(running: Program): Program['ended'] {
  running.child.kill('SIGTERM');
  return running.ended;
}
