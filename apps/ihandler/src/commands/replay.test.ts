import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltProgram, buildProgram } from '../testing/built-program.ts';
import {
  createOperatorWorld,
  flakyNumbers,
  keptNumbers,
  startRun,
  stopRun,
  takeIn,
} from '../testing/operator-world.ts';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram(['journal-sqlite']);
}, 60_000);
afterAll(() => program.remove());

const config = ['-c', 'my.yaml'];

describe('replay', { timeout: 120_000 }, () => {
  test.each([true, false])(
    'delivers the incidents of the journal again; a process runs: %s',
    async (isRunning) => {
      const world = createOperatorWorld(program);
      const running = await startRun(program, world);
      await takeIn(world, [1, 2, 3]);
      if (!isRunning) await stopRun(running);
      const { code, stdout, stderr } = await world.run([
        ...['replay', '--instance', 'flaky', '--again', '--since', '1h', '--origin', 'test.*'],
        ...[...config, '--name', 'once'],
      ]);
      expect(stderr).toMatch(
        /^replay once: delivering incidents accepted since [-\d]+ [\d:]+[+-]\d\d:\d\d of test\.\* to flaky\n$/,
      );
      expect([code, stdout]).toEqual([0, 'Replayed (once)\n  flaky: 3 delivered\n']);
      expect(flakyNumbers(world)).toEqual([1, 2, 3, 1, 2, 3]);
      const later = await world.run([
        'replay',
        '--instance',
        'flaky',
        '--again',
        '--since',
        '0s',
        ...config,
        '--json',
      ]);
      expect(JSON.parse(later.stdout)).toMatchObject({ instance: 'flaky', delivered: 0 });
      if (isRunning) await stopRun(running);
    },
  );

  test('stores nothing twice with a checkpoint, and fills gaps', async () => {
    const world = createOperatorWorld(program);
    const running = await startRun(program, world);
    await takeIn(world, [1, 2, 3]);
    await stopRun(running);
    const again = await world.run(['replay', '--instance', 'keep', ...config]);
    expect(again.code).toBe(0);
    expect(keptNumbers(world)).toEqual([1, 2, 3]);
    // A finished replay is not an instance.
    const status = JSON.parse((await world.run(['status', '--json', ...config])).stdout);
    const instances = status.ihandlers.map(({ instance }: { instance: string }) => instance);
    expect(instances).toEqual(['flaky', 'keep']);
    // A backup of the database was put back.
    const file = join(world.folder, 'kept.json');
    const { checkpoint } = JSON.parse(readFileSync(file, 'utf8'));
    const [stream = ''] = Object.keys(checkpoint);
    writeFileSync(file, JSON.stringify({ numbers: [1], checkpoint: { [stream]: 2 } }));
    const { stdout } = await world.run(['replay', '--instance', 'keep', ...config]);
    expect(keptNumbers(world)).toEqual([1, 2, 3]);
    expect(stdout).toContain('  keep: 3 already there\n');
  });

  test('leaves out dead letters, and names their command', async () => {
    const world = createOperatorWorld(program);
    const running = await startRun(program, world);
    await takeIn(world, [1, 200, 2]);
    await stopRun(running);
    const { stderr, stdout } = await world.run(['replay', '--instance', 'flaky', '--again', ...config]);
    expect(stderr).toContain('not included: 1 dead letter; see ihandler dead-letters retry flaky --all');
    expect(stdout).toContain('2 delivered');
    expect(flakyNumbers(world)).toEqual([1, 2, 1, 2]);
  });

  test('is rejected without a checkpoint, and for invalid arguments', async () => {
    const world = createOperatorWorld(program);
    const running = await startRun(program, world);
    await takeIn(world, [1, 2]);
    await stopRun(running);
    const refused = await world.run(['replay', '--instance', 'flaky', ...config]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /flaky keeps no checkpoint: .* 2 incidents once more\. To do so, add --again\. Nothing was done/,
    );
    expect(flakyNumbers(world)).toEqual([1, 2]);
    for (const [argv, said] of [
      [['--instance', 'kep'], 'Unknown instance kep (did you mean keep?). Known: keep, flaky.'],
      [[], 'Expected the instance to replay to: --instance NAME'],
      [['keep'], '--instance NAME; found "keep"'],
      [['--instance', 'keep', '--since', 'tuesday'], '--since expects a date or an age'],
      [['--instance', 'keep', '--name', 'a b'], '--name expects'],
      [['--instance', 'keep', '--origin', 'dionaea.x['], 'glob'],
    ] as const) {
      const { code, stderr } = await world.run(['replay', ...argv, ...config]);
      expect([code, stderr], argv.join(' ')).toEqual([2, expect.stringContaining(said)]);
    }
    rmSync(join(world.folder, 'data/journal.sqlite'));
    const none = await world.run(['replay', '--instance', 'keep', ...config]);
    expect([none.code, none.stderr]).toEqual([4, expect.stringContaining('There is no journal')]);
  });

  test('resumes under its name after an interrupt', async () => {
    const world = createOperatorWorld(program);
    const running = await startRun(program, world);
    await takeIn(world, [1, 2, 3]);
    await stopRun(running);
    const interrupt = AbortSignal.abort();
    const cut = await world.run(['replay', '--instance', 'flaky', '--again', ...config], {
      signal: interrupt,
    });
    expect(cut.code).toBe(130);
    const name = /--name (\S+)\n$/.exec(cut.stderr)?.[1];
    expect(name).toMatch(/^\d{8}T\d{6}\.\d{3}$/);
    const on = await world.run(['replay', '--instance', 'flaky', '--again', ...config, '--name', name ?? '']);
    expect(on.stdout).toContain('flaky: 3 delivered');
    const over = await world.run([
      'replay',
      '--instance',
      'flaky',
      '--again',
      ...config,
      '--name',
      name ?? '',
    ]);
    expect(over.stdout).toContain('flaky: 3 delivered');
    expect(flakyNumbers(world)).toEqual([1, 2, 3, 1, 2, 3]);
  });
});
