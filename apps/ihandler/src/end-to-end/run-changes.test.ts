import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type BuiltProgram, buildProgram } from '../testing/built-program.ts';
import { installPlain } from '../testing/fixture-packages.ts';
import { liveWorld, numbersIn, startedIn, stopped, tailing, until } from '../testing/running-world.ts';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram(['journal-sqlite', 'http']);
});
afterAll(() => program.remove());

const entry = (as: string, more = '') =>
  `  - { name: keep, as: ${as}, config: { file: ${as}.json }${more} }\n`;

describe('run after a change of the configuration', () => {
  test('starts a new handler at the beginning or the end, and resumes one that was put back', async () => {
    const world = liveWorld(program, `${tailing}ihandlers:\n${entry('a')}`);
    world.write('numbers', '1\n2\n');
    const first = await startedIn(program, world);
    await until(
      () => numbersIn(world, 'a.json'),
      ({ length }) => length === 2,
    );
    await stopped(first);

    world.write('my.yaml', `${tailing}ihandlers:\n${entry('b')}${entry('c', ', from: end')}`);
    appendFileSync(join(world.folder, 'numbers'), '3\n');
    const second = await startedIn(program, world);
    await until(
      () => numbersIn(world, 'c.json'),
      ({ length }) => length === 1,
    );
    await until(
      () => numbersIn(world, 'b.json'),
      ({ length }) => length === 3,
    );
    await stopped(second);
    expect(numbersIn(world, 'b.json')).toEqual([1, 2, 3]);
    expect(numbersIn(world, 'c.json')).toEqual([3]);
    expect(numbersIn(world, 'a.json')).toEqual([1, 2]);

    world.write('my.yaml', `${tailing}ihandlers:\n${entry('a')}`);
    const third = await startedIn(program, world);
    await until(
      () => numbersIn(world, 'a.json'),
      ({ length }) => length === 3,
    );
    await stopped(third);
    expect(numbersIn(world, 'a.json')).toEqual([1, 2, 3]);
  }, 60_000);

  test('starts a handler that uses the network at the end by default', async () => {
    const world = liveWorld(program, `${tailing}ihandlers:\n${entry('a')}`);
    const log = (name: string) =>
      `import { appendFileSync } from 'node:fs'; export default () => ({ contract: 1, name: '${name}', on: { 'test.*': ({ data }) => appendFileSync('${join(world.folder, name)}', data.n + ' ') } });`;
    installPlain(world, 'sends', log('sends'), true);
    installPlain(world, 'all', log('all'), true);
    world.write('numbers', '1\n');
    const first = await startedIn(program, world);
    await until(
      () => numbersIn(world, 'a.json'),
      ({ length }) => length === 1,
    );
    await stopped(first);
    world.write('my.yaml', `${tailing}ihandlers:\n  - sends\n  - { name: all, from: beginning }\n`);
    const second = await startedIn(program, world);
    appendFileSync(join(world.folder, 'numbers'), '2\n');
    await until(() => world.list('.').includes('sends'), Boolean);
    await stopped(second);
    expect(world.read('sends')).toBe('2 ');
    expect(world.read('all')).toBe('1 2 ');
  }, 60_000);
});

describe('run', () => {
  test('exits when the health port is in use, and says what to configure', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    // Safe: it listens on a port.
    const { port } = other.address() as AddressInfo;
    const world = liveWorld(
      program,
      `${tailing.replace('port: 0', `port: ${port}`)}ihandlers:\n${entry('a')}`,
    );
    const { code, stderr } = await program.start(world, ['run', '-c', 'my.yaml']).ended;
    expect(code).toBe(4);
    expect(stderr).toContain(`127.0.0.1:${port}`);
    expect(stderr).toContain('health: off');
    expect(stderr).not.toContain('started');
  });

  test('exits with code 4, so that a service manager restarts it, when a certificate is invalid', async () => {
    const tls = '{ port: 0, token: a-token-of-the-test-0, tls: { cert: my.yaml, key: my.yaml } }';
    const http = `${tailing}  - { name: http, config: ${tls} }\n`;
    const world = liveWorld(program, `${http}ihandlers:\n${entry('a')}`);
    program.install(world, 'http');
    const { code, stderr } = await program.start(world, ['run', '-c', 'my.yaml']).ended;
    expect(code).toBe(4);
    expect(stderr).toContain('cannot use the certificate and its key');
    expect(stderr).not.toContain('started');
  });

  test('retries a port that another program uses, reports it, and listens when it is free', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    // Safe: it listens on a port.
    const { port } = other.address() as AddressInfo;
    const http = `${tailing}  - { name: http, config: { port: ${port} } }\n`;
    const world = liveWorld(program, `${http}ihandlers:\n${entry('a')}`);
    program.install(world, 'http');
    const running = await startedIn(program, world);
    other.close();
    const answered = () =>
      fetch(`http://127.0.0.1:${port}/`).then(
        ({ status }) => status,
        () => undefined,
      );
    await until(answered, (status) => status === 405);
    const { stderr } = await stopped(running);
    expect(stderr).toMatch(
      new RegExp(`cannot listen on port ${port} of 127.0.0.1: another program uses it[^]*started`),
    );
  });

  // Root may write everywhere, so its run leaves out the last case.
  const folders: readonly (readonly [what: string, folder: string, make: (folder: string) => void])[] = [
    ['does not exist', 'none', () => undefined],
    ['is a file', 'numbers', (folder) => writeFileSync(folder, '')],
    ['cannot be written', 'shut', (folder) => mkdirSync(folder, { mode: 0o500 })],
  ];
  test.each(folders.slice(0, process.getuid?.() === 0 ? 2 : 3))(
    'exits when the folder of the journal %s',
    async (_what, folder, make) => {
      const journal = `journal: { name: sqlite, config: { file: ${folder}/j.sqlite } }\n`;
      const world = liveWorld(program, `${tailing}${journal}ihandlers:\n${entry('a')}`);
      make(join(world.folder, folder));
      const { code, stderr } = await program.start(world, ['run', '-c', 'my.yaml']).ended;
      expect(code).toBe(4);
      expect(stderr).toContain(`${folder}/j.sqlite`);
      expect(stderr).not.toContain('started');
    },
  );

  test('exits with all problems of the configuration before it opens anything', async () => {
    const world = liveWorld(
      program,
      'data: data\njournal: sqlight\nsources:\n  - { name: tail, config: { fiel: x } }\nihandlers:\n  - keep\n',
    );
    const { code, stderr } = await program.start(world, ['run', '-c', 'my.yaml']).ended;
    expect(code).toBe(2);
    expect(stderr).toContain('line 2, journal: expected sqlite or memory');
    expect(stderr).toContain('line 4, sources[0].config.file: expected a path; found nothing');
    expect(stderr).toContain('line 6, ihandlers[0].config.file: expected a path; found nothing');
    expect(world.list('data')).not.toContain('journal.sqlite');
  });

  test('exits when a source cannot start, and restarts a source that fails later', async () => {
    const world = liveWorld(program, `${tailing}ihandlers:\n${entry('a')}`);
    world.write('numbers', 'wrong\n');
    const { code, stderr } = await program.start(world, ['run', '-c', 'my.yaml']).ended;
    expect([code, stderr]).toEqual([4, expect.stringContaining('put it right')]);
    world.write('numbers', '1\n');
    const running = await startedIn(program, world);
    await until(
      () => numbersIn(world, 'a.json'),
      ({ length }) => length === 1,
    );
    appendFileSync(join(world.folder, 'numbers'), 'wrong\n');
    await running.said('tail: source stopped, restarting error=');
    world.write('numbers', '1\n2\n');
    await until(
      () => numbersIn(world, 'a.json'),
      ({ length }) => length === 2,
    );
    expect((await stopped(running)).code).toBe(0);
  });

  test('uses less than 120 MB when idle', async () => {
    const world = liveWorld(program, `${tailing}ihandlers:\n${entry('a')}`);
    const running = await startedIn(program, world);
    world.write('numbers', '1\n');
    await until(
      () => numbersIn(world, 'a.json'),
      ({ length }) => length === 1,
    );
    if (process.platform === 'linux') {
      const status = readFileSync(`/proc/${running.child.pid}/status`, 'utf8');
      const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(status) ?? [];
      expect(Number(kilobytes)).toBeLessThan(120_000);
    }
    await stopped(running);
  });
});
