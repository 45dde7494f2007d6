import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connectControl } from '@ihandler/host';
import { expect, onTestFinished, test, vi } from 'vitest';
import { installKeep } from '../testing/fixture-packages.ts';
import { installTail } from '../testing/live-packages.ts';
import { createWorld, type World } from '../testing/world.ts';

/** A live source that listens. */
function installPort(world: World): void {
  const options = { type: 'object', properties: { port: { type: 'integer', format: 'port' } } };
  world.install(
    'ihandler-port',
    {
      main: './i.js',
      ihandler: { contract: 1, sources: { port: { summary: 'Listens', live: true, options } } },
    },
    {
      'i.js': `export default () => ({ contract: 1, name: 'port', async run() { throw new Error('never'); } });`,
    },
  );
}

function liveWorld(yaml: string): World {
  const world = createWorld();
  installTail(world);
  installKeep(world);
  installPort(world);
  world.write('my.yaml', yaml);
  return world;
}

async function listening(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: () => void server.close(),
  };
}

test('check lists addresses and files of live sources, and creates nothing', async () => {
  const world = liveWorld(`data: data
journal: memory
health: off
sources:
  - { name: tail, as: first, config: { file: not-yet } }
  - { name: port, config: { port: 2 } }
`);
  const { code, stdout } = await world.run(['check', '-c', 'my.yaml']);
  expect(stdout).toContain('  journal: memory\n');
  expect(stdout).toContain(`  source first: reads ${join(world.folder, 'not-yet')}\n`);
  expect(stdout).toContain('  source port: listens on 127.0.0.1:2\n');
  expect(stdout).toContain('  health and metrics: off\n');
  expect(code).toBe(0);
  expect(world.list('.')).not.toContain('data');
});

test('check reports the problems of journal, sources and ports together', async () => {
  const { port } = await listening();
  const world = liveWorld(`data: data
health: { port: ${port} }
sources:
  - { name: tail, config: { file: none/file } }
  - { name: tail, as: two, config: {} }
  - { name: port, config: { port: ${port} } }
  - { name: tail, as: port, config: { file: my.yaml }, only: [a] }
ihandlers:
  - { name: keep, from: middle, config: { file: a.json } }
`);
  const { code, stderr } = await world.run(['check', '-c', 'my.yaml']);
  expect(code).toBe(2);
  expect(stderr).toContain('npm search keywords:ihandler-journal');
  expect(stderr).toMatch(
    /line 2, health: expected a port to listen on; found 127\.0\.0\.1:\d+.*"health: off"/,
  );
  expect(stderr).toMatch(/line 4, sources\[0\]\.config\.file: expected a path that can be read/);
  expect(stderr).toContain('line 5, sources[1].config.file: expected a path; found nothing');
  expect(stderr).toMatch(/line 6, sources\[2\]\.config\.port: expected a port to listen on/);
  expect(stderr).toContain('line 7, sources[3].only: unknown setting');
  expect(stderr).toMatch(/line 9, ihandlers\[0\]\.from: /);
});

test('check rejects two sources of one name', async () => {
  const world = liveWorld(
    'data: data\njournal: memory\nhealth: off\nsources:\n  - { name: tail, config: { file: a } }\n  - { name: tail, config: { file: b } }\n',
  );
  const { code, stderr } = await world.run(['check', '-c', 'my.yaml']);
  expect(code).toBe(2);
  expect(stderr).toContain('line 6, sources[1]: another source is named tail, too');
});

test('check accepts ports that the running program uses', async () => {
  const { port, close } = await listening();
  close();
  const world = liveWorld(
    `data: .\njournal: memory\nhealth: { port: ${port} }\nsources: [{ name: port, config: { port: ${port} } }]\n`,
  );
  const stop = new AbortController();
  const running = world.run(['run', '-c', 'my.yaml'], { signal: stop.signal });
  onTestFinished(async () => {
    stop.abort();
    await running;
  });
  await vi.waitFor(async () =>
    expect(await connectControl(world.folder).status()).toHaveProperty('health', `http://127.0.0.1:${port}`),
  );
  const { code, stdout } = await world.run(['check', '-c', 'my.yaml']);
  expect(stdout).toContain(`process ${process.pid} runs here`);
  expect(code).toBe(0);
});

test('import rejects a live source, and says how to use it', async () => {
  const world = liveWorld(
    'data: data\nsources:\n  - { name: tail, config: {} }\nihandlers:\n  - { name: keep, config: { file: a.json } }\n',
  );
  world.write('numbers', '1\n');
  const { code, stderr } = await world.run(['import', '-c', 'my.yaml', '--from', 'tail', 'numbers']);
  expect(code).toBe(2);
  expect(stderr).toContain('--from: tail is a live source');
});

test('run rejects a configuration without a live source', async () => {
  const world = liveWorld(
    'data: data\njournal: memory\nihandlers:\n  - { name: keep, config: { file: a.json } }\n',
  );
  const { code, stderr } = await world.run(['run', '-c', 'my.yaml']);
  expect(code).toBe(2);
  expect(stderr).toContain('No sources configured: add one under "sources:"');
});

test('init writes the settings of run as comments, which are valid when uncommented', async () => {
  const world = liveWorld('');
  const written = await world.run(['init', 'new.yaml']);
  expect(written.stdout).toContain('ihandler run -c new.yaml');
  const text = world.read('new.yaml');
  expect(text).toContain(
    '#   # Follows a file of numbers.\n#   - { name: tail, config: { file: ./tail.file } }\n',
  );
  expect(text).toContain('# journal: memory\n');
  expect((await world.run(['check', '-c', 'new.yaml'])).code).toBe(0);
  const live = text
    .replace(/^# (sources:|journal:.*)$/gm, '$1')
    .replace('# health: { host: "127.0.0.1", port: 9464 }', 'health: off')
    .replace(/^# {3}/gm, '  ');
  world.write('live.yaml', live);
  const { code, stdout, stderr } = await world.run(['check', '-c', 'live.yaml']);
  expect(stderr).toBe('');
  expect(stdout).toContain('source tail: reads');
  expect(code).toBe(0);
});
