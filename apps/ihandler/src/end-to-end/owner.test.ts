import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltProgram, buildProgram } from '../testing/built-program.ts';
import { installKeep, installLines, lines } from '../testing/fixture-packages.ts';
import { createOperatorWorld, startRun, stopRun } from '../testing/operator-world.ts';
import { numbersIn, until } from '../testing/running-world.ts';
import { createWorld, type World } from '../testing/world.ts';

/** The user of the service. */
const SERVICE = 65_534;
const user = { uid: SERVICE, gid: SERVICE };

function folderOf(world: World, name: string): void {
  mkdirSync(join(world.folder, name), { recursive: true });
  chownSync(join(world.folder, name), SERVICE, SERVICE);
}

/** The files and folders of root in folders of the service. */
function ofRoot(world: World, ...folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(world.folder, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((name) => lstatSync(join(world.folder, name), { throwIfNoEntry: false })?.uid === 0),
  );
}

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram(['journal-sqlite']);
}, 60_000);
afterAll(() => program.remove());

const settings = `data: data
health: { port: 0 }
journal: { name: sqlite, config: { file: journal/journal.sqlite } }
sources:
  - { name: tail, config: { file: numbers } }
ihandlers:
  - { name: keep, config: { file: kept/kept.json } }
  - ./flaky.js
`;

/** A world whose data, journal and database are in folders of the service, and that this user can read or not. */
function serviceWorld(isReadable: boolean): World {
  const world = createOperatorWorld(program);
  for (const name of ['data', 'journal', 'kept', 'out']) folderOf(world, name);
  world.write('flaky.js', world.read('flaky.js').replaceAll('flaky.out', 'out/flaky.out'));
  world.write('my.yaml', settings);
  if (isReadable) chmodSync(world.folder, 0o755);
  return world;
}

async function command(world: World, ...argv: readonly string[]) {
  const { code, stdout, stderr } = await program.start(world, [...argv, '-c', 'my.yaml']).ended;
  expect([stderr, argv]).toEqual([expect.not.stringContaining('ihandler:'), argv]);
  return { code, stdout };
}

describe.skipIf(process.geteuid?.() !== 0)(
  'what root creates in folders of a service',
  { timeout: 120_000 },
  () => {
    test.each([
      ['with the rights of the service', true],
      ['with those of root, since the service cannot read the code', false],
    ])('belongs to the service, whatever the command (%s)', async (_how, isReadable) => {
      const world = serviceWorld(isReadable);
      const folders = ['data', 'journal', 'kept', ...(isReadable ? ['out'] : [])];
      const running = await startRun(program, world);
      expect(JSON.parse((await command(world, 'status', '--json')).stdout)).toMatchObject({
        running: true,
        pid: running.child.pid,
      });
      expect(ofRoot(world, 'data', 'journal')).toEqual([]);
      world.write('numbers', '1\nnothing\n200\n300\n');
      await until(
        async () => JSON.parse((await command(world, 'status', '--json')).stdout).ihandlers,
        (all) => all.length === 2 && all[0].counts.delivered === 3 && all[1].counts.dead === 2,
      );
      // Made while it ran, and not given to the owner one by one.
      if (isReadable) expect(ofRoot(world, ...folders)).toEqual([]);
      await stopRun(running);
      expect(ofRoot(world, ...folders)).toEqual([]);
      await command(world, 'dead-letters', 'retry', 'flaky', '--all');
      expect(ofRoot(world, ...folders)).toEqual([]);
      await command(world, 'replay', '--instance', 'flaky', '--again');
      await command(world, 'dead-letters', 'drop', 'flaky', '--all', '--yes');
      await command(world, 'journal', 'compact');
      await command(world, 'forget', '203.0.113.9', '--yes');
      await command(world, 'doctor');
      expect(ofRoot(world, ...folders)).toEqual([]);
      if (!isReadable) return;
      // The service itself continues with all of it.
      const service = program.start(world, ['run', '-c', 'my.yaml'], user);
      await service.said('health and metrics');
      await stopRun(service);
    });

    test('belongs to the service when root ends with kill -9', async () => {
      const world = serviceWorld(true);
      const running = await startRun(program, world);
      world.write('numbers', '1\n');
      await until(
        () => numbersIn(world, 'kept/kept.json'),
        ({ length }) => length === 1,
      );
      running.child.kill('SIGKILL');
      await running.ended;
      expect(ofRoot(world, 'data', 'journal', 'kept', 'out')).toEqual([]);
      const service = program.start(world, ['run', '-c', 'my.yaml'], user);
      await service.said('health and metrics');
      await stopRun(service);
    });

    test('belongs to the service when a command replaces a file, and when root reads a file that only root can read', async () => {
      const world = createWorld();
      world.link('journal-sqlite');
      installLines(world);
      installKeep(world);
      folderOf(world, 'data');
      world.write('old', '');
      world.write(
        'my.yaml',
        'data: data\nihandlers:\n  - { name: keep, config: { file: data/kept.json } }\n',
      );
      chmodSync(world.write('numbers', lines(1, 2)), 0o600);
      const env = { XDG_STATE_HOME: join(world.folder, 'state') };
      for (const more of [[], ['numbers-2']]) {
        world.write('numbers-2', lines(3));
        const { code } = await world.run(['import', '-c', 'my.yaml', 'numbers', ...more], { env });
        expect(code).toBe(0);
        expect(world.list('data')).toEqual(expect.arrayContaining(['kept.json', 'sensor']));
        expect(ofRoot(world, 'data')).toEqual([]);
      }
      expect(statSync(join(world.folder, 'old')).uid).toBe(0);
    });
  },
);
