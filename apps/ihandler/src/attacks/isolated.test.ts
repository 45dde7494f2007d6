import { afterAll, beforeAll, expect, it } from 'vitest';
import { blocking } from '../testing/attacks/bad-handlers.ts';
import { expectIsolated, statusOf } from '../testing/attacks/isolated.ts';
import { type BuiltProgram, buildProgram } from '../testing/built-program.ts';
import { stopped } from '../testing/running-world.ts';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram(['journal-sqlite']);
});
afterAll(() => program.remove());

it('an isolated handler that loops without end is named by log, status, doctor and check; the program stays', async () => {
  const [loop] = blocking;
  if (loop === undefined) throw new Error('expected a handler that loops');
  const { world, running } = await expectIsolated(program, loop);
  expect(await statusOf(program, world)).toMatchObject({
    counts: { delivered: 20, dead: 1 },
    isolated: { limits: { memory: 32 * 2 ** 20, timeout: 1000 }, lastEnd: { reason: expect.any(String) } },
  });
  const reason = /bad.*its thread ended [5-9] times.*did not return from listen\(\) within 1 s/;
  for (const command of ['status', 'doctor']) {
    const { stdout } = await program.start(world, [command, '-c', 'my.yaml']).ended;
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(reason);
  }
  expect((await program.start(world, ['check', '-c', 'my.yaml']).ended).stdout).toContain('(isolated)');
  expect(running.stderr()).toMatch(/bad: isolated handler ended, restarting/);
  expect((await stopped(running)).code).toBe(0);
}, 150_000);
