import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@ihandler/test-support/servers';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type BuiltProgram, buildProgram } from '../testing/built-program.ts';
import { installPlain } from '../testing/fixture-packages.ts';
import { startRun, stopRun, until } from '../testing/operator-world.ts';
import { createWorld, type World } from '../testing/world.ts';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram(['http', 'journal-sqlite', 'log-sqlite', 'log-text', 'store', 'virustotal']);
}, 60_000);
afterAll(() => program.remove());

/** What is below the folders in which the program writes, with its permissions. */
function modesBelow(folder: string): readonly (readonly [path: string, mode: number])[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    const own = [path, lstatSync(path).mode] as const;
    return entry.isDirectory() ? [own, ...modesBelow(path)] : [own];
  });
}

/** The files that others may read, or the group may change, and the folders. Sockets have the permissions of files. */
function tooOpen(folder: string): readonly string[] {
  return modesBelow(folder)
    .filter(([, mode]) => (mode & ((mode & 0o170000) === 0o040000 ? 0o027 : 0o137)) !== 0)
    .map(([path, mode]) => `${path} ${(mode & 0o777).toString(8)}`);
}

const configuration = (port: number) => `data: state/data
health: { port: 0 }
sources:
  - { name: http, config: { port: ${port} } }
ihandlers:
  - { name: log-sqlite, config: { file: out/my.sqlite } }
  - { name: log-text, config: { file: out/my.log, rotate: { maxSize: 1kB } } }
  - { name: store, config: { sampleFolders: [.] } }
  - { name: virustotal, config: { apiKey: 0123456789abcdef0123456789abcdef, url: "http://127.0.0.1:1/" } }
  - refuser
`;

const line = (n: number, origin: string, data: object) =>
  JSON.stringify({ id: `s:${n}`, origin, timestamp: 1.7e12 + n, sensor: 'pot', data });

async function post(port: number, world: World): Promise<void> {
  const connection = {
    id: 'c1',
    protocol: 'smbd',
    transport: 'tcp',
    local: { host: '192.0.2.1', port: 445 },
    remote: { host: '198.51.100.7', port: 4000, hostname: '' },
  };
  const md5hash = createHash('md5').update(world.read('sample')).digest('hex');
  const sample = { connection, url: 'http://198.51.100.7/x', file: join(world.folder, 'sample'), md5hash };
  const body = [
    line(1, 'dionaea.connection.tcp.accept', { connection }),
    ...Array.from({ length: 30 }, (_, n) =>
      line(n + 2, 'dionaea.modules.python.mysql.login', { connection, username: `u${n}`, password: 'p' }),
    ),
    line(40, 'dionaea.download.complete.hash', sample),
    'not an incident',
  ].join('\n');
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body });
  expect(response.status).toBe(200);
}

test.each(['022', '002', '077'])(
  'every file that the program makes has mode 0640 at most, and every folder 0750, under umask %s',
  { timeout: 120_000 },
  async (umask) => {
    const before = process.umask();
    onTestFinished(() => void process.umask(before));
    const world = createWorld();
    for (const name of ['journal-sqlite', 'log-sqlite', 'log-text', 'store', 'virustotal', 'http'])
      program.install(world, name);
    installPlain(
      world,
      'refuser',
      "export default () => ({ contract: 1, name: 'refuser', on: { '*': () => { throw Object.assign(new Error('no'), { permanent: true }); } } });",
    );
    world.write('sample', 'one sample');
    world.write('lines', `${line(1, 'acme.thing', {})}\nnot an incident\n`);
    mkdirSync(join(world.folder, 'out'));
    const port = await freePort();
    world.write('my.yaml', configuration(port));
    process.umask(Number.parseInt(umask, 8));
    const look = () =>
      tooOpen(world.folder).filter((each) => /^(?:state|out\/)/.test(each.slice(world.folder.length + 1)));
    const running = await startRun(program, world);
    await post(port, world);
    const files = () => modesBelow(world.folder).map(([path]) => path.slice(world.folder.length + 1));
    const made = (pattern: RegExp) =>
      files().filter((path) => pattern.test(path) && !path.includes('node_modules'));
    await until(
      () => made(/rejects|my\.sqlite$|my\.log.*gz$|virustotal.*sqlite$|data\/log-text/),
      (found) =>
        ['rejects', 'my.sqlite', '.gz', 'virustotal'].every((name) =>
          found.some((path) => path.includes(name)),
        ),
    );
    expect(look()).toEqual([]);
    await stopRun(running);
    expect((await program.start(world, ['import', '-c', 'my.yaml', 'lines']).ended).code).not.toBe(0);
    expect(look()).toEqual([]);
    // A damaged journal is set aside, and copied.
    const journal = join(world.folder, 'state/data/journal.sqlite');
    const bytes = readFileSync(journal);
    writeFileSync(journal, bytes.fill(7, 4096, 3 * 4096));
    const again = await startRun(program, world);
    expect(look()).toEqual([]);
    await stopRun(again);
    expect(look()).toEqual([]);
    const kinds = ['my.log', 'my.sqlite', 'damaged-', '.lock', '.mark', 'rejects-live', 'store.sqlite'];
    for (const name of kinds) expect(made(/^(?:state|out)/).join('\n')).toContain(name);
  },
);
