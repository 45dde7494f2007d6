import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startProgram } from '../testing/program.ts';
import { createWorld, type World } from '../testing/world.ts';

/** A user other than root, since root may write everywhere. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

function installCollector(world: World): void {
  const folder = { type: 'string', format: 'path' };
  const options = {
    type: 'object',
    properties: {
      from: { type: 'array', items: { ...folder, access: 'read' } },
      to: folder,
    },
  };
  world.install(
    'ihandler-collector',
    {
      main: './main.js',
      ihandler: { contract: 1, handlers: { collector: { summary: 'Collects', network: false, options } } },
    },
    { 'main.js': `export default () => ({ contract: 1, name: 'collector', on: {} });` },
  );
}

test('check wants a folder that is only read to be readable, and one that is written to be writable', {
  timeout: 120_000,
}, async () => {
  const world = createWorld();
  installCollector(world);
  chmodSync(world.folder, 0o755);
  for (const [name, mode] of [
    ['readable', 0o555],
    ['unlisted', 0o310],
    ['data', 0o777],
  ] as const) {
    mkdirSync(join(world.folder, name));
    chmodSync(join(world.folder, name), mode);
  }
  const check = async (config: string) => {
    world.write(
      'my.yaml',
      `sensor: s\ndata: data\njournal: memory\nhealth: off\nihandlers: [{ name: collector, config: ${config} }]\n`,
    );
    return startProgram(world, ['check', '-c', 'my.yaml'], user).ended;
  };
  expect(await check('{ from: [readable] }')).toMatchObject({ code: 0, stderr: '' });
  const { stderr } = await check('{ from: [readable, unlisted], to: readable }');
  const problems = stderr.split('\n').flatMap((line) => /expected .*$/.exec(line)?.[0] ?? []);
  expect(problems.map((text) => text.replace(`${world.folder}/`, ''))).toEqual([
    expect.stringContaining('expected a path that can be read; found unlisted'),
    expect.stringContaining('expected a path that can be written; found readable'),
  ]);
});
