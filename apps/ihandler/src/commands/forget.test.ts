import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltProgram, buildProgram } from '../testing/built-program.ts';
import { installEvents, installPlain } from '../testing/fixture-packages.ts';
import { startRun, stopRun, until } from '../testing/operator-world.ts';
import type { Program } from '../testing/program.ts';
import { createWorld, type World } from '../testing/world.ts';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram(['journal-sqlite', 'log-sqlite', 'log-text', 'store']);
}, 60_000);
afterAll(() => program.remove());

const BAD = '203.0.113.99';
const GOOD = '198.51.100.7';
const config = ['-c', 'my.yaml'];

/** A live source that says once that two hosts connected, each with a login. */
const knocks = `
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
const md5 = (host) => createHash('md5').update(readFileSync(host)).digest('hex');
import { setTimeout as pause } from 'node:timers/promises';
const incident = (n, origin, data) => ({ id: 'knocks:' + n, origin, timestamp: 1.7e12 + n, sensor: 'sensor-1', data });
const connection = (id, host) => ({ id, protocol: 'mysqld', transport: 'tcp', local: { host: '192.0.2.1', port: 3306 }, remote: { host, port: 4000, hostname: '' } });
export default () => ({
  contract: 1,
  name: 'knocks',
  async run({ report, signal }) {
    let n = 0;
    for (const host of ['${BAD}', '${GOOD}']) {
      const data = { connection: connection('c-' + host, host) };
      await report([
        incident(++n, 'dionaea.connection.tcp.accept', data),
        incident(++n, 'dionaea.modules.python.mysql.login', { ...data, username: 'root', password: 'pw-' + host }),
        { ...incident(++n, 'dionaea.download.complete.unique', { ...data, url: 'http://' + host + '/x', file: process.cwd() + '/' + host, md5hash: md5(host) }), local: true },
      ]);
    }
    while (!signal.aborted) await pause(1000, undefined, { signal }).catch(() => {});
  },
});
`;

async function worldWithHosts(): Promise<{ readonly world: World; readonly running: Program }> {
  const world = createWorld();
  program.install(world, 'journal-sqlite');
  program.install(world, 'log-sqlite');
  program.install(world, 'log-text');
  program.install(world, 'store');
  world.write(BAD, 'one sample');
  world.write(GOOD, 'another sample');
  world.install(
    'ihandler-knocks',
    {
      main: './i.js',
      ihandler: { contract: 1, sources: { knocks: { summary: 'Knocks', live: true, options: {} } } },
    },
    { 'i.js': knocks },
  );
  const listens = (name: string, code: string) =>
    `export default () => ({ contract: 1, name: '${name}', on: { 'dionaea.*': () => { ${code} } } });`;
  installPlain(world, 'sender', listens('sender', ''), true);
  installPlain(
    world,
    'refuser',
    listens('refuser', "throw Object.assign(new Error('no'), { permanent: true })"),
  );
  world.write(
    'my.yaml',
    `data: data
health: { port: 0 }
sources: [knocks]
ihandlers:
  - { name: log-sqlite, config: { file: attacks.sqlite } }
  - { name: log-text, config: { file: attacks.log } }
  - { name: store, config: { sampleFolders: [.] } }
  - refuser
  - { name: sender, config: { url: 'https://collector.example/in' } }
`,
  );
  const running = await startRun(program, world);
  // Six incidents came in; `refuser` gives up on each.
  await until(
    () => bytesOf(world),
    (bytes) => bytes.includes(`pw-${GOOD}`) && bytes.includes(`pw-${BAD}`),
  );
  await settled(world);
  return { world, running };
}

/** Waits until all instances have passed all that came in. */
async function settled(world: World): Promise<void> {
  for (let n = 0; n < 500; n += 1) {
    const { stdout } = await world.run(['dead-letters', 'list', 'refuser', ...config, '--json']);
    if (stdout.split('\n').length > 6) return;
    await pause(50);
  }
  throw new Error('the dead letters did not come');
}

/** Writes files of the kinds that other runs leave behind. Returns their names and how often they name the address. */
function writeCopies(world: World): readonly (readonly [name: string, mentions: string])[] {
  const line = `{"remote":"${BAD}","url":"http://${BAD}:80/"}\n`;
  const write = (name: string, content: string | Buffer) => writeFileSync(join(world.folder, name), content);
  write(
    'data/journal.sqlite.damaged-20260101T000000Z',
    Buffer.from(`\0\xff${line.repeat(30_000)}`, 'latin1'),
  );
  write('data/journal.sqlite.damaged-20260101T000000Z-wal', line);
  write('data/journal.sqlite.quarantine.ndjson', line);
  write('data/rejects-live.ndjson', line);
  write('data/rejects-of-others.ndjson', line.replaceAll(BAD, GOOD));
  write('data/dead-letters-1.ndjson', line);
  write('attacks.log.1', line);
  write('attacks.log.2.gz', gzipSync(line));
  write('attacks.sqlite.before-ihandler-20260101T000000Z', line);
  return [
    ['damaged-20260101T000000Z', '60,000 mentions'],
    ...[
      'damaged-20260101T000000Z-wal',
      'quarantine.ndjson',
      'rejects-live.ndjson',
      'dead-letters-1.ndjson',
    ].map((name) => [name, '2 mentions'] as const),
    ...['attacks.log.1', 'attacks.log.2.gz', 'before-ihandler-20260101T000000Z'].map(
      (name) => [name, '2 mentions'] as const,
    ),
  ];
}

/** The files below a folder whose bytes, unpacked, contain a text: all but those of the test's own packages. */
function filesWith(text: string, folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesWith(text, path);
      if (!entry.isFile()) return [];
      const bytes = readFileSync(path);
      return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).includes(text) ? [path] : [];
    })
    .toSorted();
}

/** All that databases and journal hold, as one text. */
function bytesOf(world: World): string {
  const files = (folder: string) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.includes('.sqlite'))
      .map(({ name }) => readFileSync(join(folder, name), 'latin1'));
  return [...files(world.folder), ...files(join(world.folder, 'data'))].join('\n');
}

describe('forget', { timeout: 120_000 }, () => {
  test.each([true, false])(
    'removes every byte from databases and journal; a process runs: %s',
    async (isRunning) => {
      const { world, running } = await worldWithHosts();
      if (!isRunning) await stopRun(running);
      const copies = writeCopies(world);
      const { code, stdout, stderr } = await world.run(['forget', '203.0.113.0/24', '--yes', ...config]);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('Forgotten: 203.0.113.0/24\n');
      expect(stdout).toContain('  log-sqlite: removed 1 attack (1 connection)');
      expect(stdout).toContain('  store: removed the host from the record of 1 sample;');
      expect(stdout).toMatch(/ {2}journal: \d+ incidents, 3 dead letters\n/);
      expect(stdout).toContain(
        '  sender: copies of numbers to example.org that it sent to https://collector.example/[hidden]\n',
      );
      expect(stdout).toContain(
        '  refuser: its output, such as log files, is not modified; remove the lines yourself\n',
      );
      const text = stdout.replaceAll(/\n {4,}/g, ' ');
      for (const [name, mentions] of copies)
        expect(text).toContain(`${name}: ${mentions} left; delete the file`);
      expect(stdout).not.toContain('rejects-of-others');
      const named = [...text.matchAll(/^ {2}(\S+): [\d,]+ mentions? left/gm)].map(([, path]) => path);
      expect(filesWith(BAD, world.folder)).toEqual(named);
      expect(named).toHaveLength(copies.length + 1);
      expect(bytesOf(world)).toContain(GOOD);
      const left = await world.run(['dead-letters', 'list', 'refuser', ...config, '--json']);
      expect(left.stdout.trim().split('\n')).toHaveLength(3);
      const again = await world.run(['forget', '203.0.113.0/24', '--yes', '--json', ...config]);
      expect(JSON.parse(again.stdout)).toEqual({
        did: {
          journal: '0 incidents, 0 dead letters',
          'log-sqlite': expect.stringContaining('removed 0 attacks'),
          store: expect.stringContaining('record of 0 samples'),
        },
        untouched: ['log-text', 'refuser', 'sender'],
        left: named.map((file) => ({ file, mentions: expect.any(Number) })),
      });
      if (isRunning) await stopRun(running);
      expect(filesWith(BAD, world.folder)).toEqual(named);
    },
  );

  test.each([
    ['of a configuration that never ran', ['-c', 'imp.yaml']],
    ['that is named on the command line', ['--with', 'log-sqlite:file=attacks.sqlite']],
  ])('removes every byte from a database that only import has filled, %s', async (_, target) => {
    const world = createWorld();
    program.install(world, 'journal-sqlite');
    program.install(world, 'log-sqlite');
    installEvents(world);
    world.write(
      'imp.yaml',
      'data: data\nihandlers:\n  - { name: log-sqlite, config: { file: attacks.sqlite } }\n',
    );
    const env = { XDG_STATE_HOME: join(world.folder, 'state'), IHANDLER_SENSOR: 's' };
    const login = (id: string, host: string) =>
      ['dionaea.connection.tcp.accept', 'dionaea.modules.python.mysql.login']
        .map((origin) =>
          JSON.stringify({
            origin,
            data: {
              username: 'root',
              password: `pw-${host}`,
              connection: {
                id,
                protocol: 'mysqld',
                transport: 'tcp',
                local: { host: '192.0.2.1', port: 3306 },
                remote: { host, port: 4000, hostname: '' },
              },
            },
          }),
        )
        .join('\n');
    world.write('events', `${login('1', BAD)}\n${login('2', GOOD)}\n`);
    await world.run(['import', 'events', ...target], { env });
    const bytes = () =>
      world
        .list('.')
        .filter((name) => name.startsWith('attacks.sqlite'))
        .map((name) => readFileSync(join(world.folder, name), 'latin1'))
        .join('\n');
    expect(bytes()).toContain(`pw-${BAD}`);
    const { code, stdout, stderr } = await world.run(['forget', BAD, '--yes', ...target], { env });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('  log-sqlite: removed 1 attack (1 connection)');
    expect(stdout).not.toContain('journal:');
    expect(bytes()).not.toContain(BAD);
    expect(bytes()).toContain(`pw-${GOOD}`);
  });

  test('asks first, and rejects an invalid network', async () => {
    const { world, running } = await worldWithHosts();
    await stopRun(running);
    for (const [argv, said] of [
      [['203.0.113.9/24'], 'Forget 203.0.113.0/24 in the journal'],
      [['203.0.113.0/33'], 'Expected an address or a network such as'],
      [['evil.example'], 'found "evil.example". Nothing was done'],
      [[], 'Expected addresses or networks'],
      [[BAD], '--yes. Nothing was done'],
    ] as const) {
      const { code, stderr } = await world.run(['forget', ...argv, ...config]);
      expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
    }
    const no = await world.run(['forget', BAD, ...config], { stdin: { isTTY: true }, ask: async () => 'no' });
    expect([no.code, no.stderr]).toEqual([1, 'nothing was forgotten\n']);
    expect(bytesOf(world)).toContain(BAD);
  });
});
