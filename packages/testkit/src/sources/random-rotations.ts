import assert from 'node:assert/strict';
import type { SourceSubject, SourceWorld } from './source-world.ts';

/** Makes numbers from 0 to `below` - 1 that depend on nothing but the seed (a linear congruential generator). */
function createRandom(seed: number): (below: number) => number {
  let state = Math.imul(seed, 2_654_435_761) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** The steps of a writer and of the process in which the source runs. */
const steps: readonly ((world: SourceWorld, random: (below: number) => number) => unknown)[] = [
  ({ writer }, random) => writer.write(1 + random(8)),
  ({ writer }, random) => writer.write(1 + random(3)),
  ({ writer }) => writer.begin(),
  ({ writer }, random) => writer.rename(random(3), random(2) === 0),
  ({ writer }, random) => writer.copyAndCut(random(2)),
  ({ writer }, random) => writer.gzip(1 + random(2)),
  ({ host }, random) => host.killAt(random(2) === 0 ? 'before' : 'after'),
  ({ rest }) => rest(),
];

/** Rotates a file in any way at any moment, with restarts and kills between: each line comes once, unless it was lost. */
export async function rotateAtRandom(
  world: SourceWorld,
  { numberOf }: SourceSubject,
  seed: number,
): Promise<void> {
  const random = createRandom(seed);
  world.writer.write(1);
  world.start();
  await world.arrived(1);
  for (let step = 0; step < 25; step += 1) {
    await steps[random(steps.length)]?.(world, random);
    if (random(5) > 0) continue;
    await world.stop();
    if (random(3) > 0) world.start();
  }
  await world.stop();
  world.host.killAt(undefined);
  world.writer.write(1);
  world.start();
  await world.arrived(world.writer.written());
  const found = world.host.incidents.map(numberOf);
  const sorted = [...found].sort((a, b) => a - b);
  assert.deepEqual(found, sorted, `Expected each line once and in order, with the steps of seed ${seed}.`);
  const missing = Array.from({ length: world.writer.written() }, (_, index) => index + 1).filter(
    (n) => !world.writer.mayBeLost.has(n) && !found.includes(n),
  );
  assert.deepEqual(missing, [], `Expected no line to be lost, with the steps of seed ${seed}.`);
}
