import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type BuiltProgram, buildProgram } from '../testing/built-program.ts';
import { liveWorld, numbersIn, tailing, until } from '../testing/running-world.ts';
import type { World } from '../testing/world.ts';

/** Runs a command on a terminal of its own, which it closes at the end of standard input. Prints the status of the command. */
const terminal = `
import os, pty, select, sys
pid, master = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
while True:
    ready, _, _ = select.select([0, master], [], [])
    if 0 in ready: break
    try: os.write(2, os.read(master, 4096))
    except OSError: break
os.close(master)
_, status = os.waitpid(pid, 0)
print(os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status))
`;

const hasTools = ['python3', 'bash', 'nohup', 'setsid'].every(
  (tool) => spawnSync(tool, ['--version']).error === undefined,
);

let program: BuiltProgram;
let run: readonly string[];
beforeAll(async () => {
  program = await buildProgram(['journal-sqlite']);
  run = [process.execPath, program.main, 'run', '-c', 'my.yaml'];
});
afterAll(() => program.remove());

function runningWorld(): World {
  const world = liveWorld(program, `${tailing}ihandlers: [{ name: keep, config: { file: kept.json } }]\n`);
  world.write('numbers', '1\n');
  return world;
}

const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(' ');

/** The process that has the journal of a world open. */
const pidIn = (world: World) => Number(world.read('data/journal.sqlite.pid'));
const isRunning = (world: World) => existsSync(join(world.folder, 'data/journal.sqlite.pid'));

/** Runs a command on a terminal until the handler has its first incident, and closes the terminal. */
async function closedTerminal(world: World, command: readonly string[]) {
  const child = spawn('python3', ['-c', terminal, ...command], { cwd: world.folder });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let [status, shown] = ['', ''];
  child.stdout.on('data', (chunk) => {
    status += chunk;
  });
  child.stderr.on('data', (chunk) => {
    shown += chunk;
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await until(
    () => [numbersIn(world).length, shown],
    ([count]) => count === 1,
  );
  child.stdin.end();
  await ended;
  return status.trim();
}

describe.runIf(hasTools)('when the terminal closes', () => {
  test('run ends cleanly', async () => {
    const world = runningWorld();
    expect(await closedTerminal(world, run)).toBe('0');
    expect(isRunning(world)).toBe(false);
  });

  test.each([
    ['that a shell started', ''],
    ['that a shell started in the background, with its output in a file', '>log 2>&1 & wait'],
  ])('a run ends cleanly %s', async (_, command) => {
    const world = runningWorld();
    await closedTerminal(world, ['bash', '--norc', '-ic', `${quoted(run)} ${command}; true`]);
    await until(
      () => isRunning(world),
      (running) => !running,
    );
  });

  test.each([
    ['nohup', '>log 2>&1 & wait'],
    ['setsid', '& sleep 60'],
  ])('a run under %s continues, and ends cleanly when it is asked to', async (how, rest) => {
    const world = runningWorld();
    await closedTerminal(world, ['bash', '--norc', '-ic', `${how} ${quoted(run)} ${rest}`]);
    const pid = pidIn(world);
    onTestFinished(() => {
      if (isRunning(world)) process.kill(pid, 'SIGKILL');
    });
    process.kill(pid, 'SIGHUP');
    await pause(500);
    world.write('numbers', '1\n2\n');
    await until(
      () => numbersIn(world),
      (numbers) => numbers.length === 2,
    );
    process.kill(pid, 'SIGTERM');
    await until(
      () => isRunning(world),
      (running) => !running,
    );
  });
});
