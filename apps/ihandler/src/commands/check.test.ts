import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { installKeep, installLines, installPlain } from '../testing/fixture-packages.ts';
import { createWorld, type World } from '../testing/world.ts';

/** Installs a handler and a source whose options name a file to read, a folder and a port. */
function installServer(world: World): void {
  const options = {
    type: 'object',
    properties: {
      key: { type: 'string', format: 'path', access: 'read' },
      logs: {
        type: 'object',
        additionalProperties: { properties: { file: { type: 'string', format: 'path' } } },
      },
      files: { type: 'array', items: { type: 'string', format: 'path' } },
      host: { type: 'string' },
      port: { type: 'integer', format: 'port' },
      apiKey: { type: 'string' },
      url: { type: 'string' },
    },
  };
  world.install(
    'ihandler-server',
    {
      main: './main.js',
      ihandler: {
        contract: 1,
        handlers: { server: { summary: 'Serves', network: true, sends: 'hashes to a service', options } },
        sources: { listener: { summary: 'Listens', options } },
      },
    },
    {
      'main.js': `export default () => ({ contract: 1, name: 'server', on: {}, start() { throw new Error('never'); } });`,
    },
  );
}

async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function worldWithAll(): World {
  const world = createWorld();
  installLines(world);
  installKeep(world);
  installServer(world);
  return world;
}

test('check lists handlers, and what they send to which destination, and starts nothing', async () => {
  const world = worldWithAll();
  world.write('own.js', `export default { name: 'own', on: {} };`);
  world.write('key.pem', 'k');
  world.write(
    'my.yaml',
    `data: state
ihandlers:
  - { name: keep, config: { file: numbers.json } }
  - { name: server, as: far, config: { url: "https://u:hunter22@vt.example/api", apiKey: deadbeef, key: key.pem, port: 0 } }
  - ./own.js
`,
  );
  const { code, stdout, stderr } = await world.run(['check', '-c', 'my.yaml']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.replaceAll(world.folder, '')).toBe(`/my.yaml is valid.
  data: /state
  keep: sends nothing off this machine
  far: sends hashes to a service, to https://[hidden]@vt.example/api; the sensor's address is masked, except in encodings such as Base64 (mask: facts)
  own: a local file, which does not declare the data that it sends
`);
  expect(world.list('.')).toEqual(['key.pem', 'my.yaml', 'node_modules', 'own.js']);
});

test('check reports all problems at once: settings, names, options, files, folders and ports', async () => {
  const world = worldWithAll();
  const port = await takenPort();
  world.write('file', '');
  world.write('folder/x', '');
  world.write(
    'my.yaml',
    `colour: red
data: file/state
sources:
  - liens
  - { name: listener, config: { port: ${port} } }
ihandlers:
  - { name: keep, config: { file: gone/numbers.json, fiel: 1 } }
  - name: server
    config:
      key: no-key.pem
      logs: { a: { file: folder }, b: { file: file/x } }
      files: [ok, gone/x]
      host: 127.0.0.1
      port: ${port}
  - nobody
  - { name: server, as: keep, only: ["a?"] }
`,
  );
  const { code, stdout, stderr } = await world.run(['check', '-c', 'my.yaml']);
  expect([code, stdout]).toEqual([2, '']);
  const told = stderr.replaceAll(world.folder, '').trim().split('\n');
  expect(told[0]).toBe('ihandler: /my.yaml has 12 problems:');
  for (const problem of [
    'line 1, colour: unknown setting',
    'line 2, data: expected a folder that can be written or created; found /file/state: /file is not a folder',
    'line 4, sources[0].name: expected an installed name',
    `line 5, sources[1].config.port: expected a port to listen on; found 127.0.0.1:${port}`,
    'line 7, ihandlers[0].config.file: expected a path that can be written; found /gone/numbers.json',
    'line 7, ihandlers[0].config.fiel: there is no such option',
    'line 10, ihandlers[1].config.key: expected a path that can be read; found /no-key.pem',
    'line 11, ihandlers[1].config.logs.b.file: expected a path that can be written; found /file/x',
    'line 12, ihandlers[1].config.files[1]: expected a path that can be written; found /gone/x',
    `line 14, ihandlers[1].config.port: expected a port to listen on; found 127.0.0.1:${port}`,
    'line 15, ihandlers[2].name: expected an installed name',
    'line 16, ihandlers[3].only[0]: Expected a glob',
  ])
    expect(
      told.filter((line) => line.trim().startsWith(problem)),
      problem,
    ).toHaveLength(1);
});

test('check without a configuration checks the default handlers', async () => {
  const world = worldWithAll();
  installPlain(world, 'shout', `export default () => ({ contract: 1, name: 'shout', on: {} });`);
  const { code, stdout } = await world.run(['check']);
  expect(code).toBe(0);
  expect(stdout).toContain('  shout: sends nothing off this machine\n');
  expect(stdout).not.toContain('keep');
});
