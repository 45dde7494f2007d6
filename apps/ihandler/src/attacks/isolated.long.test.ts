import { afterAll, beforeAll, expect, it } from 'vitest';
import { blocking, escaping, exhausting, microtasks } from '../testing/attacks/bad-handlers.ts';
import { expectIsolated } from '../testing/attacks/isolated.ts';
import { type BuiltProgram, buildProgram } from '../testing/built-program.ts';
import { stopped } from '../testing/running-world.ts';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram(['journal-sqlite']);
});
afterAll(() => program.remove());

/** A signal reaches the process, whatever thread sends it. */
const bad = [...escaping, ...blocking, microtasks, ...exhausting].filter(
  ({ title }) => title !== 'a signal to itself',
);

it.each(bad.map((one) => [one.title, one] as const))(
  'an isolated handler ends at most its thread, and the others get everything: %s',
  async (_, one) => {
    const { running } = await expectIsolated(program, one);
    expect((await stopped(running)).code).toBe(0);
  },
  150_000,
);
