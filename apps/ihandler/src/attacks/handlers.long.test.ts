import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attackWorld, linesOf, numbers } from '../testing/attacks/attack-world.ts';
import {
  blocking,
  escaping,
  exhausting,
  microtasks,
  moduleOf,
  native,
} from '../testing/attacks/bad-handlers.ts';
import { expectSurvival } from '../testing/attacks/escape.ts';
import { type BuiltProgram, buildProgram } from '../testing/built-program.ts';
import { installLines, lines } from '../testing/fixture-packages.ts';
import { numbersIn, startedIn, stopped, until } from '../testing/running-world.ts';
import type { World } from '../testing/world.ts';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram(['journal-sqlite']);
});
afterAll(() => program.remove());

const ran = (world: World, ...argv: readonly string[]) => program.start(world, argv).ended;

async function expectKept(world: World): Promise<void> {
  await until(
    () => numbersIn(world),
    ({ length }) => length === numbers.length,
  );
}

/** Expects that `bad` is paused and named everywhere, and that it gets its incidents after it is corrected and resumed. */
async function expectPaused(world: World, reason: RegExp): Promise<void> {
  const running = await startedIn(program, world);
  expect(running.stderr()).toMatch(/error: bad: handler is paused/);
  await expectKept(world);
  const status = await ran(world, 'status', '-c', 'my.yaml');
  expect(status.code).toBe(3);
  expect(status.stdout).toMatch(reason);
  const doctor = await ran(world, 'doctor', '-c', 'my.yaml');
  expect(doctor.stdout.replaceAll(/\s+/g, ' ')).toContain('ihandler resume bad');
  const { health } = JSON.parse((await ran(world, 'status', '-c', 'my.yaml', '--json')).stdout);
  const answer = await fetch(`${health}/health`);
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringMatching(reason)]);
  expect(await (await fetch(`${health}/metrics`)).text()).toContain('ihandler_paused{instance="bad"} 1');
  expect((await stopped(running)).code).toBe(0);
  expect((await ran(world, 'status', '-c', 'my.yaml')).stdout).toMatch(reason);
  world.write(
    'bad.mjs',
    moduleOf({
      title: '',
      listener:
        '({ data }) => { if (data.n === 13) throw Object.assign(new Error("still bad"), { permanent: true }); }',
    }),
  );
  expect((await ran(world, 'resume', 'bad', '-c', 'my.yaml')).code).toBe(0);
  expect((await ran(world, 'resume', 'bad', '-c', 'my.yaml')).code).toBe(1);
  const again = await startedIn(program, world);
  await until(
    async () => JSON.parse((await ran(world, 'status', '-c', 'my.yaml', '--json')).stdout).ihandlers,
    (ihandlers) => ihandlers.every(({ pending }: { readonly pending: number }) => pending === 0),
  );
  const letters = await ran(world, 'dead-letters', 'list', '-c', 'my.yaml');
  expect(letters.stdout).toContain('still bad');
  expect((await stopped(again)).code).toBe(0);
}

describe('a handler whose errors escape', () => {
  it.each(escaping.map((bad) => [bad.title, bad] as const))(
    'does not end the program, and the others get everything: %s',
    (_, bad) => expectSurvival(program, bad),
  );
});

describe('a handler that blocks the program', () => {
  it.each(blocking.map((bad) => [bad.title, bad] as const))(
    'is named with a stack and paused in the end, and the others get everything: %s',
    async (_, bad) => {
      const world = attackWorld(program, bad, 'watchdog: { blocked: 2s, ends: 2 }');
      for (let start = 1; start <= 2; start += 1) {
        const ended = await ran(world, 'run', '-c', 'my.yaml');
        expect(ended.code, ended.stderr).toBe(5);
        expect(ended.stderr).toMatch(
          /error: bad: blocked the program for \d+ s; ending it position=\d+\n[\s\S]*bad\.mjs:\d+:\d+/,
        );
      }
      await expectPaused(world, /bad: paused: it blocked the program 2 times/);
    },
  );

  it.each([
    [microtasks.title, microtasks],
    [native.title, native],
  ])('is named and paused in the end, also where no stack can be had: %s', async (_, bad) => {
    const world = attackWorld(program, bad, 'watchdog: { blocked: 2s, ends: 2 }');
    for (let start = 1; start <= 2; start += 1) {
      const { stderr } = await ran(world, 'run', '-c', 'my.yaml');
      expect(stderr).toMatch(/error: bad: blocked the program for \d+ s; ending it position=\d+\n/);
    }
    await expectPaused(world, /bad: paused: it blocked the program 2 times/);
  });

  it('does not keep SIGTERM from ending the program', async () => {
    const [loop] = blocking;
    if (loop === undefined) throw new Error('expected a handler');
    const running = program.start(attackWorld(program, loop), ['run', '-c', 'my.yaml']);
    await pause(6000);
    expect(running.child.exitCode).toBe(null);
    const at = performance.now();
    running.child.kill('SIGTERM');
    await running.ended;
    expect(running.child.signalCode).toBe('SIGTERM');
    expect(performance.now() - at).toBeLessThan(5000);
  });

  it('is named by `import` and by `try`, also when it blocks as it starts', async () => {
    const [loop] = blocking;
    if (loop === undefined) throw new Error('expected a handler');
    const world = attackWorld(program, loop, 'watchdog: { blocked: 2s }');
    installLines(world);
    world.write('a.txt', lines(12, 13, 14));
    const imported = await ran(world, 'import', 'a.txt', '-c', 'my.yaml');
    expect(imported.code, imported.stderr).toBe(5);
    expect(imported.stderr).toMatch(/error: bad: blocked the program for \d s; .*\n[\s\S]*bad\.mjs:\d+:\d+/);
    world.write('bad.mjs', moduleOf({ title: '', listener: '() => {} }, start() { for (;;); }, never: {' }));
    const tried = await ran(world, 'try', './bad.mjs', 'a.txt');
    expect(tried.code, tried.stderr).toBe(5);
    expect(tried.stderr).toMatch(/error: bad: blocked the program for 1\d s; .*\n[\s\S]*bad\.mjs:\d+:\d+/);
    world.write(
      'bad.mjs',
      moduleOf({ title: '', listener: '() => {} }, start: () => new Promise(() => {}), never: {' }),
    );
    const waited = await ran(world, 'try', './bad.mjs', 'a.txt');
    expect(waited.code).toBe(4);
    expect(waited.stderr).toContain('The handler did not start within 5 s.');
  });
});

describe('a handler that exhausts the memory', () => {
  it.each(exhausting.map((bad) => [bad.title, bad] as const))(
    'is paused in the end, and the others get everything: %s',
    async (_, bad) => {
      const world = attackWorld(program, bad, 'watchdog: { ends: 2 }');
      for (let start = 1; start <= 2; start += 1)
        expect(
          (await program.start(world, ['run', '-c', 'my.yaml'], {}, ['--max-old-space-size=300']).ended).code,
        ).toBe(-1);
      await expectPaused(world, /bad: paused: it (exhausted the memory|was running when the program died)/);
    },
  );

  it('is not blamed for `kill -9`, which happens in other deliveries', async () => {
    const world = attackWorld(program, { title: '', listener: '() => {}' }, 'watchdog: { ends: 2 }');
    for (let start = 1; start <= 4; start += 1) {
      const running = await startedIn(program, world);
      world.write('numbers', linesOf([...numbers, ...Array.from({ length: start }, (_, i) => 21 + i)]));
      running.child.kill('SIGKILL');
      await running.ended;
    }
    const running = await startedIn(program, world);
    expect(running.stderr()).not.toContain('paused');
    await stopped(running);
  });
});
