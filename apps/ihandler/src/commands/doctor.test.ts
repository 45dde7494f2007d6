import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type BuiltProgram, buildProgram } from '../testing/built-program.ts';
import {
  createOperatorWorld,
  settings,
  startRun,
  stopRun,
  takeIn,
  until,
} from '../testing/operator-world.ts';
import type { World } from '../testing/world.ts';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram(['journal-sqlite']);
}, 60_000);
afterAll(() => program.remove());

const config = ['-c', 'my.yaml'];

async function diagnose(world: World) {
  const { code, stdout, stderr } = await world.run(['doctor', ...config]);
  expect(stderr).toBe('');
  // Of the machine of the tests: its version of Node.js, and how full its disk is.
  return { code, lines: stdout.split('\n').filter((line) => !/^(?:note +node|\w+ +disk|$)/.test(line)) };
}

describe('doctor', { timeout: 120_000 }, () => {
  test('finds nothing wrong where all is well', async () => {
    const world = createOperatorWorld(program);
    const running = await startRun(program, world);
    await takeIn(world, [1, 2, 3]);
    const { code, lines } = await diagnose(world);
    expect(lines).toEqual(['All is well.']);
    expect(code).toBe(0);
    await stopRun(running);
  });

  test('tells of dead letters, of what does not run, of damage set aside and of clocks', async () => {
    const world = createOperatorWorld(program);
    const running = await startRun(program, world);
    await takeIn(world, [1, 200]);
    await stopRun(running);
    world.write('data/journal.sqlite.damaged-20261120T100000Z', '');
    const future = new Date(Date.now() + 3 * 3_600_000);
    utimesSync(join(world.folder, 'numbers'), future, future);
    const { code, lines } = await diagnose(world);
    expect(code).toBe(3);
    expect(lines).toEqual([
      `warning  run: no ihandler runs on ${world.folder}/data: nothing is taken in. To do: start it: systemctl start ihandler, or ihandler run -c FILE.yaml.`,
      'warning  flaky: 1 dead letter. To do: ihandler dead-letters list --instance flaky, then retry or drop them.',
      expect.stringMatching(/^warning {2}tail: .*numbers was changed [23] hours in the future: the clock/),
      expect.stringMatching(
        /^warning {2}\/.*journal\.sqlite\.damaged-20261120T100000Z: it was damaged and has been/,
      ),
    ]);
  });

  test('tells who else writes a file, and which instances share one', async () => {
    const world = createOperatorWorld(program);
    world.write(
      'my.yaml',
      `${settings}  - { name: keep, as: second, config: { file: ./kept.json } }\n  - { name: keep, as: third, config: { file: third.json } }\n`,
    );
    const running = await startRun(program, world);
    await takeIn(world, [1]);
    const file = join(world.folder, 'third.json');
    // The handler replaces its file whenever it writes: this is the one that stays.
    await until(
      () => existsSync(file),
      (isThere) => isThere,
    );
    const other = spawn('sleep', ['60'], { stdio: ['ignore', openSync(file, 'a'), 'ignore'] });
    onTestFinished(() => void other.kill('SIGKILL'));
    await once(other, 'spawn');
    const { code, lines } = await diagnose(world);
    expect(code).toBe(3);
    expect(lines).toEqual([
      expect.stringMatching(/^error {4}second: it writes \/.*\/kept\.json, as keep does\. To do: give each/),
      `error    third: ${file} is also being written by process ${other.pid} (sleep). To do: only one program may write it: switch the other one off, or name another file.`,
    ]);
    await stopRun(running);
  });

  test('tells what is wrong with the configuration, and that a file is not there', async () => {
    const world = createOperatorWorld(program);
    world.write(
      'my.yaml',
      settings.replace('numbers', 'nowhere').replace('kept.json', 'kept.json, colour: red'),
    );
    const { code, lines } = await diagnose(world);
    expect(code).toBe(3);
    expect(lines.join('\n')).toMatch(/^error {4}configuration: .*my\.yaml has one problem/);
    expect(lines.join('\n')).toContain('colour');
    expect(lines.join('\n')).toMatch(/warning {2}tail: there is no \/.*\/nowhere yet/);
    const { findings } = JSON.parse((await world.run(['doctor', '--json', ...config])).stdout);
    expect(findings[0]).toMatchObject({ severity: 'error', about: 'configuration' });
  });
});
