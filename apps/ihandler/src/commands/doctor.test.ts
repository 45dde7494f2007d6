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
  // Left out: findings about the machine of the tests.
  return { code, lines: stdout.split('\n').filter((line) => !/^(?:note +node|\w+ +disk|$)/.test(line)) };
}

describe('doctor', { timeout: 120_000 }, () => {
  test('finds no problems in a healthy host', async () => {
    const world = createOperatorWorld(program);
    const running = await startRun(program, world);
    await takeIn(world, [1, 2, 3]);
    const { code, lines } = await diagnose(world);
    expect(lines).toEqual(['No problems found.']);
    expect(code).toBe(0);
    await stopRun(running);
  });

  test('reports dead letters, a stopped process, damaged files and wrong clocks', async () => {
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
      `warning  run: ihandler is not running on ${world.folder}/data: no incidents are received. Fix: systemctl start ihandler, or ihandler run -c FILE.yaml.`,
      'warning  flaky: 1 dead letter. Fix: ihandler dead-letters list --instance flaky, then retry or drop them.',
      expect.stringMatching(
        /^warning {2}tail: .*numbers was modified [23](?:\.\d)? h in the future: the clock/,
      ),
      expect.stringMatching(
        /^warning {2}\/.*journal\.sqlite\.damaged-20261120T100000Z: damaged file that was set aside/,
      ),
    ]);
  });

  test('reports other writers of a file, and instances that share one', async () => {
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
      expect.stringMatching(
        /^error {4}second: writes \/.*\/kept\.json, which keep writes, too\. Fix: configure/,
      ),
      `error    third: process ${other.pid} (sleep) also writes ${file}. Fix: only one program may write it: stop the other one, or configure another file.`,
    ]);
    await stopRun(running);
  });

  test('reports problems of the configuration and missing files', async () => {
    const world = createOperatorWorld(program);
    world.write(
      'my.yaml',
      settings.replace('numbers', 'nowhere').replace('kept.json', 'kept.json, colour: red'),
    );
    const { code, lines } = await diagnose(world);
    expect(code).toBe(3);
    expect(lines.join('\n')).toMatch(/^error {4}configuration: .*my\.yaml has 1 problem/);
    expect(lines.join('\n')).toContain('colour');
    expect(lines.join('\n')).toMatch(/warning {2}tail: \/.*\/nowhere does not exist yet/);
    const { findings } = JSON.parse((await world.run(['doctor', '--json', ...config])).stdout);
    expect(findings[0]).toMatchObject({ severity: 'error', about: 'configuration' });
  });
});
