import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltProgram, buildProgram } from '../testing/built-program.ts';
import {
  createOperatorWorld,
  flakyNumbers,
  settings,
  startRun,
  stopRun,
  takeIn,
} from '../testing/operator-world.ts';
import type { Program } from '../testing/program.ts';
import { createWorld, type World } from '../testing/world.ts';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram(['journal-sqlite']);
}, 60_000);
afterAll(() => program.remove());

const config = ['-c', 'my.yaml'];

/** A world in which 1, 200, 2, 300 and 3 came in: `flaky` has given up on two of them. */
async function worldWithLetters(): Promise<{ readonly world: World; readonly running: Program }> {
  const world = createOperatorWorld(program);
  const running = await startRun(program, world);
  await takeIn(world, [1, 200, 2, 300, 3]);
  return { world, running };
}

async function listed(world: World, ...argv: readonly string[]) {
  const { stdout } = await world.run(['dead-letters', 'list', ...config, '--json', ...argv]);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const numbersOf = (letters: readonly { incident: { data: { n: number } } }[]) =>
  letters.map(({ incident }) => incident.data.n);

async function positionOf(world: World, n: number): Promise<string> {
  const letter = (await listed(world)).find(({ incident }) => incident.data.n === n);
  return String(letter?.deadLetter.position);
}

describe('dead letters', { timeout: 120_000 }, () => {
  test('are listed and shown, whether the program runs or not', async () => {
    const { world, running } = await worldWithLetters();
    for (const isRunning of [true, false]) {
      if (!isRunning) await stopRun(running);
      const { code, stdout } = await world.run(['dead-letters', 'list', ...config]);
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /^flaky: 2 dead letters\n +\d+ {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d {2}test\.line\.seen\n +\\x1b\[31mno 200 \(1 attempt\)\n/,
      );
      expect(stdout).not.toContain('keep');
      expect(numbersOf(await listed(world))).toEqual([200, 300]);
      const position = await positionOf(world, 300);
      const shown = await world.run(['dead-letters', 'show', 'flaky', position, ...config]);
      expect(shown.stdout).toContain('reason    \\x1b[31mno 300');
      expect(shown.stdout).toContain('    "n": 300');
      const json = await world.run(['dead-letters', 'show', 'flaky', position, ...config, '--json']);
      expect(JSON.parse(json.stdout)).toMatchObject({
        deadLetter: { instance: 'flaky', position: Number(position), attempts: 1 },
        incident: { data: { n: 300 } },
      });
    }
    expect((await world.run(['dead-letters', 'list', 'keep', ...config])).code).toBe(1);
    expect(numbersOf(await listed(world, '--grep', 'no 3'))).toEqual([300]);
    expect(numbersOf(await listed(world, '--origin', 'dionaea.*'))).toEqual([]);
    const one = await world.run(['dead-letters', ...config, '--limit', '1', 'list']);
    expect(one.stdout).toContain('  and 1 more: --limit 2');
  });

  test.each([true, false])('are retried and dropped; a process runs: %s', async (isRunning) => {
    const { world, running } = await worldWithLetters();
    if (!isRunning) await stopRun(running);
    const position = await positionOf(world, 200);
    const still = await world.run(['dead-letters', 'retry', 'flaky', position, ...config]);
    expect([still.code, still.stdout]).toEqual([3, 'flaky: 0 delivered, 1 failed again.\n']);
    world.write('fixed', '');
    const retried = await world.run(['dead-letters', 'retry', 'flaky', position, ...config]);
    expect(retried.stderr).toBe('');
    expect([retried.code, retried.stdout]).toEqual([0, 'flaky: 1 delivered.\n']);
    expect(flakyNumbers(world)).toEqual([1, 2, 3, 200]);
    expect(numbersOf(await listed(world))).toEqual([300]);
    const refused = await world.run(['dead-letters', 'drop', 'flaky', '--all', ...config]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/Drop 1 dead letter of flaky\?.*--yes\. Nothing was done/);
    const dropped = await world.run(['dead-letters', 'drop', 'flaky', '--all', '--yes', ...config]);
    expect([dropped.code, dropped.stdout]).toEqual([0, 'flaky: 1 dropped.\n']);
    expect(await listed(world)).toEqual([]);
    const none = await world.run(['dead-letters', 'retry', 'flaky', '--all', ...config]);
    expect([none.code, none.stdout]).toEqual([1, 'flaky: no such dead letters.\n']);
    if (isRunning) await stopRun(running);
    expect(flakyNumbers(world)).toEqual([1, 2, 3, 200]);
  });

  test('are dropped only after a confirmation', async () => {
    const { world, running } = await worldWithLetters();
    await stopRun(running);
    const asked: string[] = [];
    const answer = (text: string) => ({
      stdin: { isTTY: true },
      async ask(question: string) {
        asked.push(question);
        return text;
      },
    });
    const argv = ['dead-letters', 'drop', 'flaky', '--all', '--grep', 'no 200', ...config];
    const no = await world.run(argv, answer(''));
    expect([no.code, no.stderr]).toEqual([1, 'nothing was dropped\n']);
    expect(numbersOf(await listed(world))).toEqual([200, 300]);
    const yes = await world.run(argv, answer('y'));
    expect([yes.code, yes.stdout]).toEqual([0, 'flaky: 1 dropped.\n']);
    expect(numbersOf(await listed(world))).toEqual([300]);
    expect(asked[0]).toBe('Drop 1 dead letter of flaky? This cannot be undone. [y/N] ');
  });

  test('are left alone when the arguments are invalid', async () => {
    const { world, running } = await worldWithLetters();
    await stopRun(running);
    for (const [argv, said] of [
      [['list', 'fleky'], 'Unknown instance fleky (did you mean flaky?). Known: flaky, keep.'],
      [['show', 'flaky', '99'], 'flaky has no dead letter at position 99. See: ihandler dead-letters list'],
      [['show', 'flaky', 'x'], 'Expected the position of a dead letter, a number such as 4711'],
      [['show', 'flaky'], 'Expected an instance and one position'],
      [['retry', 'flaky', '99', '98'], 'no dead letter at position 99, 98'],
      [['retry', 'flaky'], 'Expected an instance, and positions or --all'],
      [['drop', 'flaky', '1', '--all', '--yes'], 'Expected an instance, and positions or --all'],
      [['retry', 'flaky', '1', '--grep', 'x'], '--origin and --grep need --all'],
      [['list', '--limit', '0'], '--limit expects a number from 1; found "0"'],
      [['list', '--origin', '['], 'glob'],
      [['lits'], 'Expected one of list, show, retry, drop; found "lits" (did you mean list?)'],
    ] as const) {
      const { code, stderr } = await world.run(['dead-letters', ...argv, ...config]);
      expect([code, stderr], argv.join(' ')).toEqual([2, expect.stringContaining(said)]);
    }
    expect(numbersOf(await listed(world))).toEqual([200, 300]);
  });

  test('need a durable journal', async () => {
    const world = createOperatorWorld(program);
    const none = await world.run(['dead-letters', ...config]);
    expect([none.code, none.stderr]).toEqual([
      4,
      expect.stringContaining(`There is no journal ${world.folder}/data/journal.sqlite`),
    ]);
    world.write('my.yaml', `${settings}journal: memory\n`);
    const memory = await world.run(['dead-letters', ...config]);
    expect([memory.code, memory.stderr]).toEqual([
      2,
      expect.stringContaining('exists only inside the running process'),
    ]);
    const bare = await createWorld().run(['dead-letters']);
    expect([bare.code, bare.stderr]).toEqual([
      2,
      expect.stringContaining('npm search keywords:ihandler-journal'),
    ]);
  });
});
