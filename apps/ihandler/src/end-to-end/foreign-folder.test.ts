import { chmodSync, existsSync, lchownSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recording } from '@ihandler/test-support/recordings';
import { describe, expect, test } from 'vitest';
import { startProgram } from '../testing/program.ts';
import { createWorld, type World } from '../testing/world.ts';

const STRANGER = 54_321;

/** The packages of the program, and what a stranger would call his. */
const installed = ['log-sqlite', 'log-text', 'dionaea', 'journal-sqlite', 'store'] as const;

/** Code that leaves a mark when it is loaded. */
function marking(world: World): string {
  const mark = JSON.stringify(join(world.folder, 'marks'));
  return `import { mkdirSync } from 'node:fs';
mkdirSync(${mark}, { recursive: true });
export const recognises = () => true;
export const commands = new Proxy({}, { get: () => undefined });
export default () => ({ contract: 1, name: 'evil', on: {}, run() {} });
`;
}

/** Installs packages into a folder of a world: with the names of ours, and with one that sorts first. */
function plant(world: World, folder: string): void {
  const contributions = {
    contract: 1,
    handlers: { 'log-sqlite': { summary: 'x', network: false, options: {} } },
    sources: { 'dionaea-json': { summary: 'x', reads: ['file', 'stdin'], live: true, options: {} } },
    journals: { sqlite: { summary: 'x', options: {} } },
    commands: { tree: { summary: 'x', export: '.' }, summary: { summary: 'x', export: '.' } },
    sensors: { dionaea: { summary: 'x', export: '.' } },
  };
  for (const name of ['@aaa/evil', ...installed.map((one) => `@ihandler/${one}`)]) {
    const at = join(folder, 'node_modules', name);
    const json = { name, version: '9.9.9', type: 'module', main: 'index.js', keywords: ['ihandler'] };
    world.write(join(at, 'package.json'), JSON.stringify({ ...json, ihandler: contributions }));
    world.write(join(at, 'index.js'), marking(world));
  }
}

/** Command lines, in a folder that is not the user's; FILE, LOG and CONF are outside of it. */
const forms: readonly string[] = [
  '--help',
  '--version',
  'help tree',
  'help summary',
  'help import',
  'tree FILE',
  'tree --help',
  'summary FILE',
  'summary --json FILE',
  'list',
  'list --json',
  'list -c CONF',
  'list --options log-sqlite',
  'check',
  'check -c CONF',
  'check CONF --json',
  'run',
  'doctor',
  'doctor -c CONF',
  'status',
  'status -c CONF',
  'init new.yaml',
  'init --dionaea /nowhere',
  'import LOG',
  'import --with log-sqlite:file=OUT LOG',
  'import -c CONF LOG',
  'import --from dionaea-json LOG',
  'try log-sqlite LOG',
  'try @aaa/evil',
  'journal check -c CONF',
  'journal compact -c CONF',
  'dead-letters list -c CONF',
  'replay log-sqlite -c CONF',
  'forget 192.0.2.1 -c CONF --yes',
  'tree -c CONF',
];

const prefix = fileURLToPath(new URL('..', import.meta.url));

/** A world with a configuration and a database of the user's, and `run` in a folder of it, with the program of this checkout. */
async function userWorld(cwd: string, config = 'own') {
  const world = createWorld();
  const at = (path: string) => join(world.folder, path);
  mkdirSync(at(cwd), { recursive: true });
  world.write(
    join(config, 'my.yaml'),
    `data: ${at('own/data')}\nhealth: off\nihandlers:\n  - { name: log-sqlite, config: { file: ${at('own/dionaea.sqlite')} } }\n`,
  );
  const named: Record<string, string> = {
    FILE: at('own/dionaea.sqlite'),
    LOG: recording('dionaea-a/log_incident.ndjson'),
    CONF: at(join(config, 'my.yaml')),
    OUT: at('own/out.sqlite'),
  };
  const run = (form: string) =>
    world.run(
      form.split(' ').map((word) => word.replace(/FILE|LOG|CONF|OUT/, (key) => named[key] ?? key)),
      { cwd: at(cwd), prefix },
    );
  expect(await run('import -c CONF LOG')).toMatchObject({ code: 0 });
  return { world, at, run };
}

function isMarked(world: World): boolean {
  return existsSync(join(world.folder, 'marks'));
}

test('no command runs code of the folder it is started in, nor of one around it', async () => {
  for (const cwd of ['foreign', 'foreign/deep/er']) {
    const { world, run } = await userWorld(cwd);
    plant(world, 'foreign');
    for (const form of forms) {
      const { stderr } = await run(form);
      expect([form, isMarked(world), /unexpected error|9\.9\.9 is/.test(stderr)]).toEqual([
        form,
        false,
        false,
      ]);
    }
    // The commands of the program's own packages work there.
    expect(await run('tree FILE')).toMatchObject({ code: 0 });
    expect((await run('list')).stdout).toContain(
      `@aaa/evil 9.9.9 in ${join(world.folder, 'foreign/node_modules')} is not loaded: this program is not installed there. To use it, install ihandler in that project, or name a configuration in its folder (-c)`,
    );
  }
}, 120_000);

test('no command runs code beside its configuration that others may write', async () => {
  const { world, at, run } = await userWorld('elsewhere', 'open/etc');
  plant(world, 'open');
  chmodSync(at('open/node_modules'), 0o777);
  for (const form of forms.filter((one) => one.includes('CONF'))) {
    await run(form);
    expect([form, isMarked(world)]).toEqual([form, false]);
  }
  const { stdout } = await run('list -c CONF');
  expect(stdout).toContain(`every user may write the folder ${at('open/node_modules')} (mode 0777)`);
  expect(stdout).toContain(`chmod o-w ${at('open/node_modules')}`);
  const { stderr } = await run('import -c CONF --with @aaa/evil LOG');
  expect(stderr).toContain('@aaa/evil 9.9.9 in');
  expect(isMarked(world)).toBe(false);
}, 120_000);

test('packages beside the configuration are used that only this user may write', async () => {
  const { world, run } = await userWorld('elsewhere', 'safe/etc');
  plant(world, 'safe');
  await run('tree -c CONF');
  expect(isMarked(world)).toBe(true);
});

test('a local handler is not loaded from a file that others may write', async () => {
  const { world, at, run } = await userWorld('elsewhere');
  world.write('own/local.js', marking(world));
  chmodSync(at('own/local.js'), 0o666);
  world.write('own/my.yaml', 'ihandlers: [./local.js]\n');
  for (const form of ['check -c CONF', 'import -c CONF LOG', `try ${at('own/local.js')}`]) {
    expect((await run(form)).stderr).toContain(`chmod o-w ${at('own/local.js')}`);
    expect([form, isMarked(world)]).toEqual([form, false]);
  }
});

test('a command of a package that is not loaded is unknown, with the reason', async () => {
  const { world, run } = await userWorld('foreign');
  world.install(
    '../foreign/node_modules/shelf',
    { ihandler: { contract: 1, commands: { shelves: { summary: 'x', export: '.' } } } },
    { 'index.js': marking(world) },
  );
  const { code, stderr } = await run('shelves');
  expect(code).toBe(2);
  expect(stderr).toContain('shelf 1.2.3 in');
  expect(stderr).toContain('this program is not installed there');
});

describe.skipIf(process.getuid?.() !== 0)('for root', () => {
  test('no command runs code of somebody else beside its configuration', async () => {
    const { world, at, run } = await userWorld('elsewhere', 'his/etc');
    plant(world, 'his');
    for (const name of readdirSync(at('his'), { recursive: true, encoding: 'utf8' }))
      lchownSync(join(at('his'), name), STRANGER, STRANGER);
    lchownSync(at('his'), STRANGER, STRANGER);
    for (const form of forms.filter((one) => one.includes('CONF'))) {
      await run(form);
      expect([form, isMarked(world)]).toEqual([form, false]);
    }
    expect((await run('list -c CONF')).stdout).toContain(
      `the folder ${at('his')} belongs to ${STRANGER}, who could change the code. To fix it, run ihandler as ${STRANGER}`,
    );
  }, 120_000);

  test('a service user uses what root has installed, and not what others have', async () => {
    const world = createWorld();
    chmodSync(world.folder, 0o755);
    for (const name of ['shelf', 'stranger']) {
      const commands = { [name]: { summary: `Is of ${name}`, export: '.' } };
      world.install(name, { ihandler: { contract: 1, commands } });
    }
    lchownSync(join(world.folder, 'node_modules/stranger'), STRANGER, STRANGER);
    world.write('my.yaml', '');
    const user = { uid: 65_534, gid: 65_534 };
    const { stdout } = await startProgram(world, ['list', '-c', 'my.yaml'], user).ended;
    expect(stdout).toContain('command     shelf: Is of shelf');
    expect(stdout).not.toContain('Is of stranger');
    expect(stdout).toContain(
      `the folder ${join(world.folder, 'node_modules/stranger')} belongs to ${STRANGER}`,
    );
  }, 120_000);
});
