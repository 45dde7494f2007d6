import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';

const handler = `export default () => ({ contract: 1, name: 'shelf', on: {} });`;
const commands = `export const commands = { shelves: {
  name: 'shelves', summary: 'Show shelves', usage: '[NAME]', of: 'shelf',
  options: { all: { type: 'boolean', help: 'All' } }, examples: [],
  async run({ positionals }, { terminal, instances }) {
    await terminal.write(JSON.stringify({ positionals, instances }) + '\\n');
    return 0;
  },
} };`;

/** Installs the handler `shelf` with the command `shelves`, which prints the instances it is given. */
function installShelf(world: World, folder = '', required: readonly string[] = []): void {
  const json = {
    name: 'ihandler-shelf',
    version: '1.0.0',
    type: 'module',
    keywords: ['ihandler'],
    exports: { '.': './index.js', './commands': './commands.js' },
    ihandler: {
      contract: 1,
      handlers: {
        shelf: {
          summary: 'Keeps things',
          network: false,
          aliases: ['my_shelf'],
          options: {
            type: 'object',
            required,
            properties: {
              folder: { type: 'string', format: 'path' },
              rows: { type: 'array', items: { type: 'string', format: 'path' } },
              apiKey: { type: 'string' },
            },
          },
        },
        other: { summary: 'Is another one', network: false, options: {} },
      },
      commands: { shelves: { export: './commands', summary: 'Show shelves' } },
    },
  };
  const at = join(folder, 'node_modules/ihandler-shelf');
  world.write(join(at, 'package.json'), JSON.stringify(json));
  world.write(join(at, 'index.js'), handler);
  world.write(join(at, 'commands.js'), commands);
}

test('a command gets every entry of its handler, with absolute paths and its own folder', async () => {
  const world = createWorld();
  installShelf(world);
  world.write('etc/my.yaml', 'include: [more/*.yaml]\ndata: ../data\nihandlers:\n  - shelf\n  - other\n');
  world.write(
    'etc/more/two.yaml',
    'ihandlers:\n  - name: my_shelf\n    as: second\n    config: { folder: deep/er, rows: [a, /b] }\n',
  );
  for (const argv of [
    ['shelves', '-c', 'etc/my.yaml', 'one', '--all'],
    ['shelves', 'one', '--config=etc/my.yaml'],
    ['shelves', '-cetc/my.yaml', 'one'],
  ]) {
    const { code, stdout, stderr } = await world.run(argv);
    expect([code, stderr]).toEqual([0, '']);
    const { positionals, instances } = JSON.parse(stdout);
    expect(positionals).toEqual(['one']);
    const more = join(world.folder, 'etc/more');
    expect(instances).toHaveLength(2);
    expect(instances).toContainEqual({
      instance: 'shelf',
      options: {},
      dataDir: join(world.folder, 'data/shelf'),
    });
    expect(instances).toContainEqual({
      instance: 'second',
      options: { folder: join(more, 'deep/er'), rows: [join(more, 'a'), '/b'] },
      dataDir: join(world.folder, 'data/second'),
    });
  }
});

test('a command gets no instances when the configuration does not name its handler', async () => {
  const world = createWorld();
  installShelf(world);
  world.write('my.yaml', 'ihandlers: [other]\n');
  const { stdout } = await world.run(['shelves', '-c', 'my.yaml']);
  expect(JSON.parse(stdout).instances).toEqual([]);
});

test('a command without a configuration gets the handler that needs no option, in the default folder', async () => {
  const world = createWorld();
  installShelf(world);
  const { stdout } = await world.run(['shelves']);
  expect(JSON.parse(stdout).instances).toEqual([
    { instance: 'shelf', options: {}, dataDir: join(world.folder, 'state/ihandler/shelf') },
  ]);
  const needy = createWorld();
  installShelf(needy, '', ['folder']);
  expect(JSON.parse((await needy.run(['shelves'])).stdout).instances).toEqual([]);
});

test('commands of packages beside the configuration are found, with -c in their help', async () => {
  const world = createWorld();
  installShelf(world, 'elsewhere');
  world.write('elsewhere/my.yaml', 'ihandlers: [shelf]\n');
  const { code, stdout } = await world.run(['shelves', '-c', 'elsewhere/my.yaml', 'x']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ positionals: ['x'], instances: [{ instance: 'shelf' }] });
  const help = await world.run(['shelves', '-c', 'elsewhere/my.yaml', '--help']);
  expect(help.stdout).toContain('-c, --config FILE.yaml');
});

test('a command reports problems of the configuration, without its secrets', async () => {
  const world = createWorld();
  installShelf(world);
  world.write('broken.yaml', 'ihandlers:\n  - nome: shelf\n');
  const broken = await world.run(['shelves', '-c', 'broken.yaml']);
  expect(broken.code).toBe(2);
  expect(broken.stderr).toContain('broken.yaml');
  expect((await world.run(['shelves', '-c', 'none.yaml'])).code).toBe(2);
  world.write('secret.yaml', `ihandlers:\n  - name: shelf\n    config: { apiKey: "\${KEY}" }\n`);
  const { stdout } = await world.run(['shelves', '-c', 'secret.yaml'], {
    env: { KEY: 'abcdefgh12345678', XDG_STATE_HOME: world.folder },
  });
  expect(stdout).toContain('[hidden]');
  expect(stdout).not.toContain('abcdefgh');
});
