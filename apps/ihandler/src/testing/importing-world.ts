import { installKeep, installLines } from './fixture-packages.ts';
import { createWorld, type World } from './world.ts';

/** A world with the source `lines`, which reads a file once, and the handler `keep`. */
export function worldWithPackages(): World {
  const world = createWorld();
  installLines(world);
  installKeep(world);
  return world;
}

/** The numbers that `keep` has in a file of its. */
export function numbers(world: World, file: string): unknown {
  return JSON.parse(world.read(file)).numbers;
}
