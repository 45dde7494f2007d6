import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { installKeep } from '../testing/fixture-packages.ts';
import { installTail } from '../testing/live-packages.ts';
import { startProgram } from '../testing/program.ts';
import { until } from '../testing/running-world.ts';
import { createWorld, recorder, type World } from '../testing/world.ts';

const sources =
  'data: data\nhealth: { port: 0 }\nsources:\n  - { name: tail, config: { file: numbers } }\nihandlers:\n';
const keep = '  - { name: keep, config: { file: kept/kept.json } }\n';
const other = '  - { name: keep, as: other, config: { file: other.json } }\n';

function liveWorld(yaml: string): World {
  const world = createWorld();
  world.link('journal-sqlite');
  installTail(world);
  installKeep(world);
  world.write('numbers', '');
  mkdirSync(join(world.folder, 'kept'));
  world.write('my.yaml', yaml);
  return world;
}

/** Every file below a folder, with a hash of its content, its time, owner and mode. */
function snapshot(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.includes('node_modules'))
    .map((name) => {
      const path = join(folder, name);
      const status = statSync(path);
      if (!status.isFile()) return `${name} ${status.uid} ${status.mode}`;
      const hash = createHash('sha256').update(readFileSync(path)).digest('hex');
      return `${name} ${status.mtimeMs} ${status.uid} ${status.mode} ${hash}`;
    })
    .sort();
}

async function ranOnce(world: World): Promise<void> {
  const stop = new AbortController();
  const stderr = recorder();
  const ended = world.run(['run', '-c', 'my.yaml'], { signal: stop.signal, stderr, exit: () => undefined });
  await until(
    () => stderr.text(),
    (text) => text.includes('health and metrics'),
  );
  world.write('numbers', '1\n2\n');
  await until(
    async () => JSON.parse((await world.run(['status', '-c', 'my.yaml', '--json'])).stdout),
    ({ ihandlers }) =>
      ihandlers.every(({ counts }: { counts: { delivered: number } }) => counts.delivered === 2),
  );
  stop.abort();
  await ended;
}

async function diagnose(world: World, env?: Readonly<Record<string, string>>) {
  const { code, stdout } = await world.run(['doctor', '-c', 'my.yaml', '--json'], env && { env });
  const { findings } = JSON.parse(stdout) as {
    findings: readonly { severity: string; about: string; found: string; advice?: string }[];
  };
  return { code, findings, about: (name: string) => findings.filter(({ about }) => about === name) };
}

/** The user of a service, when this one is root, who may do everything. */
const user = process.geteuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

describe('doctor', { timeout: 60_000 }, () => {
  test('works before the first run, and creates nothing', async () => {
    const world = liveWorld(`${sources}${keep}`);
    const before = snapshot(world.folder);
    // Without a name in the environment, a run stores one in the data folder.
    const { about, findings } = await diagnose(world, { XDG_STATE_HOME: join(world.folder, 'state') });
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(about('journal')).toMatchObject([
      { severity: 'note', found: expect.stringContaining('does not exist yet: the first run creates it') },
    ]);
    expect(about('run')).toMatchObject([
      { severity: 'warning', found: expect.stringContaining('not running') },
    ]);
    expect(snapshot(world.folder)).toEqual(before);
  });

  test.each(['doctor', 'status', 'check'])(
    'leaves every file as it was after a run (%s)',
    async (command) => {
      const world = liveWorld(`${sources}${keep}`);
      await ranOnce(world);
      const before = snapshot(world.folder);
      await world.run([command, '-c', 'my.yaml']);
      expect(snapshot(world.folder)).toEqual(before);
    },
  );

  test('works in a folder that cannot be written, and says what cannot', async () => {
    const world = liveWorld(`${sources}${keep}`);
    await ranOnce(world);
    const folders = ['.', 'data', 'kept'].map((name) => join(world.folder, name));
    for (const folder of folders) chmodSync(folder, 0o555);
    for (const file of ['data/journal.sqlite', 'kept/kept.json']) chmodSync(join(world.folder, file), 0o444);
    onTestFinished(() => {
      for (const folder of folders) chmodSync(folder, 0o755);
    });
    const before = snapshot(world.folder);
    const { code, stdout } = await startProgram(world, ['doctor', '-c', 'my.yaml', '--json'], user).ended;
    const { findings } = JSON.parse(stdout);
    expect(code).toBe(3);
    expect(findings).toContainEqual(
      expect.objectContaining({
        severity: 'error',
        about: 'data',
        found: expect.stringContaining('can be written'),
      }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({
        severity: 'error',
        about: 'keep',
        found: expect.stringMatching(/can be written; found .*kept\.json: /),
      }),
    );
    expect(snapshot(world.folder)).toEqual(before);
  });

  test.skipIf(process.geteuid?.() !== 0)(
    'says that another user may not see which processes write the same files',
    async () => {
      const world = liveWorld(`${sources}${keep}`);
      world.write('kept/kept.json', '{"numbers":[],"checkpoint":{}}');
      chmodSync(world.folder, 0o755);
      const { stdout } = await startProgram(world, ['doctor', '-c', 'my.yaml', '--json'], user).ended;
      expect(JSON.parse(stdout).findings).toContainEqual({
        severity: 'note',
        about: 'files',
        found: expect.stringMatching(
          /^\d+ process(?:es)? of other users may write the same files: .*cannot see/,
        ),
        advice: 'to find out, run doctor as root',
      });
      const { about } = await diagnose(world);
      expect(about('files')).toEqual([]);
    },
  );

  test('names the handler whose file cannot be opened', async () => {
    const world = liveWorld(`${sources}${keep}${other}`);
    mkdirSync(join(world.folder, 'elsewhere'));
    world.write('my.yaml', `${sources}${keep}${other.replace('other.json', 'gone/other.json')}`);
    const { about } = await diagnose(world);
    expect(about('other')).toMatchObject([
      {
        severity: 'error',
        found: expect.stringMatching(/found .*gone\/other\.json/),
        advice: expect.anything(),
      },
    ]);
    expect(about('keep')).toEqual([]);
  });

  test.each([
    ['a valid', ''],
    ['an invalid', 'colour: red\n'],
  ])('does not list a removed handler as pending, with %s configuration', async (_what, more) => {
    const world = liveWorld(`${sources}${keep}${other}`);
    await ranOnce(world);
    // Accepted after `other` was removed.
    world.write('my.yaml', `${sources}${keep}`);
    world.write('numbers', '1\n2\n3\n');
    const stop = new AbortController();
    const stderr = recorder();
    const ended = world.run(['run', '-c', 'my.yaml'], { signal: stop.signal, stderr, exit: () => undefined });
    await until(
      () => world.read('kept/kept.json'),
      (text) => JSON.parse(text).numbers.length === 3,
    );
    stop.abort();
    await ended;
    world.write('my.yaml', `${more}${sources}${keep}`);
    const { about } = await diagnose(world);
    const severe = about('other').filter(({ severity }) => severity !== 'note');
    expect(severe).toEqual([]);
    expect(about('other').filter(({ found }) => found.includes('pending'))).toEqual([]);
    world.write('my.yaml', `${sources}${keep}`);
    const { stdout } = await world.run(['status', '-c', 'my.yaml', '--json']);
    const status = JSON.parse(stdout);
    expect(status).toMatchObject({ ihandlers: [{ instance: 'keep', pending: 0 }], problems: [] });
    expect(status.remarks).toContain('not in the configuration any more, so without a backlog: other');
  });
});
