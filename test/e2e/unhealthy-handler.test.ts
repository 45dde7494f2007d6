import { spawnSync } from 'node:child_process';
import { appendFileSync, closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createHost, loadConfiguration } from '@ihandler/host';
import Database from 'better-sqlite3';
import { createWorld, recorder, until, type World } from 'ihandler/testing';
import { describe, expect, onTestFinished, test, vi } from 'vitest';

const line = (n: number) =>
  `${JSON.stringify({
    name: 'dionaea',
    origin: 'dionaea.connection.tcp.accept',
    timestamp: new Date().toISOString(),
    data: {
      connection: {
        id: `c${n}`,
        local_ip: '192.0.2.1',
        local_port: 445,
        remote_ip: '198.51.100.7',
        remote_port: 4000 + n,
        remote_hostname: '',
        protocol: 'smbd',
        transport: 'tcp',
      },
    },
  })}\n`;

const configuration = `data: data
health: { port: 0 }
sources:
  - { name: dionaea-follow, config: { file: incidents.json } }
ihandlers:
`;

function liveWorld(handlers: string): World {
  const world = createWorld();
  world.link('journal-sqlite', 'dionaea', 'log-sqlite');
  world.write('incidents.json', '');
  world.write('my.yaml', `${configuration}${handlers}`);
  return world;
}

function add(world: World, ...numbers: readonly number[]): void {
  appendFileSync(join(world.folder, 'incidents.json'), numbers.map(line).join(''));
}

/** Runs the world's configuration in this process until the test is over. */
async function startedHere(world: World): Promise<void> {
  const stop = new AbortController();
  const stderr = recorder();
  const ended = world.run(['run', '-c', 'my.yaml'], { signal: stop.signal, stderr, exit: () => undefined });
  onTestFinished(async () => {
    vi.useRealTimers();
    stop.abort();
    await ended;
  });
  await until(
    () => stderr.text(),
    (text) => text.includes('health and metrics'),
  );
}

/** Runs the world's configuration in a program of its own, whose log throws on a warning: then a lane stops. */
async function startedWithBrokenLog(world: World): Promise<void> {
  const nothing = () => undefined;
  const broken = () => {
    throw new Error('the log is broken');
  };
  const log = () => ({ error: nothing, warn: broken, info: nothing, debug: nothing });
  const place = { env: {}, cwd: world.folder, prefix: world.folder, conditions: ['@ihandler/source'] };
  const configuration = await loadConfiguration(join(world.folder, 'my.yaml'), place);
  const stop = new AbortController();
  const started = new Promise<void>((onStarted) => {
    const host = createHost(configuration, { ...place, log });
    const ended = host.run(stop.signal, { onStarted: () => onStarted() });
    onTestFinished(async () => {
      stop.abort();
      await ended;
    });
  });
  await started;
}

async function status(world: World) {
  const { code, stdout } = await world.run(['status', '-c', 'my.yaml', '--json']);
  return { code, ...JSON.parse(stdout) };
}

/** What `status`, `/health` and `doctor` say about `sql`. */
async function everywhere(world: World) {
  const found = await status(world);
  const health = await fetch(`${found.health}/health`);
  const doctor = await world.run(['doctor', '-c', 'my.yaml', '--json']);
  const { findings } = JSON.parse(doctor.stdout);
  const metrics = await (await fetch(`${found.health}/metrics`)).text();
  return {
    status: found.code,
    problems: found.problems as readonly string[],
    health: health.status,
    metric: /^ihandler_healthy\{instance="sql"\} (\d)$/m.exec(metrics)?.[1],
    healthProblems: ((await health.json()) as { problems: readonly string[] }).problems,
    doctor: findings.filter(
      ({ about, severity }: { about: string; severity: string }) => about === 'sql' && severity === 'error',
    ),
  };
}

/** Lets the clock of this process jump ahead by two minutes. */
function twoMinutesLater(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 120_000 });
}

/** Whether an open file can still be written. */
function canWrite(file: number): boolean {
  try {
    writeSync(file, '');
    return writeSync(file, '\0') === 1;
  } catch {
    return false;
  }
}

async function failing(world: World): Promise<void> {
  await until(
    async () => (await status(world)).ihandlers[0],
    ({ failure }) => failure !== null,
  );
}

const sql = '  - { name: log-sqlite, as: sql, config: { file: attacks.sqlite } }\n';

describe('a handler that cannot store anything', { timeout: 120_000 }, () => {
  test('is unhealthy everywhere after a minute of a locked database, and healthy again afterwards', async () => {
    const world = liveWorld(sql);
    await startedHere(world);
    add(world, 1);
    await until(
      async () => (await status(world)).ihandlers[0].counts.delivered,
      (delivered) => delivered === 1,
    );
    const other = new Database(join(world.folder, 'attacks.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    add(world, 2, 3);
    await failing(world);
    expect(await status(world)).toMatchObject({ code: 0, problems: [] });
    twoMinutesLater();
    const said = /^sql: retrying for 2(?:\.\d)? min: .*locked.*; 2 incidents pending, the oldest for 2/;
    const found = await everywhere(world);
    expect(found).toMatchObject({ status: 3, health: 503, metric: '0' });
    expect(found.problems).toEqual([expect.stringMatching(said)]);
    expect(found.healthProblems).toEqual(found.problems);
    expect(found.doctor).toMatchObject([
      { found: expect.stringMatching(/^retrying for .*2 incidents pending/) },
    ]);
    other.exec('ROLLBACK');
    other.close();
    await until(
      () => everywhere(world),
      ({ problems, health, metric }) => problems.length === 0 && health === 200 && metric === '1',
    );
  });

  const isRoot = process.geteuid?.() === 0;
  test.skipIf(!isRoot)('is unhealthy when its database has become immutable', async () => {
    const world = liveWorld(sql);
    await startedHere(world);
    add(world, 1);
    await until(
      async () => (await status(world)).ihandlers[0].counts.delivered,
      (delivered) => delivered === 1,
    );
    const files = ['attacks.sqlite', 'attacks.sqlite-wal'].map((name) => join(world.folder, name));
    const change = (flag: string) => spawnSync('chattr', [flag, ...files]).status;
    onTestFinished(() => void change('-i'));
    // Not every file system has the attribute, or applies it to files that are open.
    const probe = openSync(join(world.folder, 'attacks.sqlite-wal'), 'a');
    const isApplied = change('+i') === 0 && !canWrite(probe);
    closeSync(probe);
    if (!isApplied) return;
    add(world, 2);
    await failing(world);
    twoMinutesLater();
    expect(await everywhere(world)).toMatchObject({
      status: 3,
      health: 503,
      problems: [expect.stringMatching(/^sql: retrying for 2.*1 incident pending/)],
      doctor: [
        { found: expect.stringMatching(/can be written; found .*attacks\.sqlite: operation not permitted/) },
        { found: expect.stringMatching(/^retrying for 2/) },
      ],
    });
    change('-i');
  });

  test('is unhealthy when its lane has stopped, with the reason and what to do', async () => {
    const world = liveWorld('  - { name: ./broken.js, as: sql, from: beginning }\n');
    world.write(
      'broken.js',
      "export default { name: 'broken', on: { '*': () => { throw new Error('odd'); } } };",
    );
    await startedWithBrokenLog(world);
    add(world, 1, 2);
    await until(
      async () => (await status(world)).ihandlers[0].state,
      (state) => state === 'stopped',
    );
    const found = await everywhere(world);
    const said = /^stopped: the log is broken; 2 incidents pending/;
    expect(found).toMatchObject({
      status: 3,
      health: 503,
      metric: '0',
      problems: [expect.stringMatching(/^sql: stopped: the log is broken; 2 incidents pending/)],
      doctor: [
        { found: expect.stringMatching(said), advice: expect.stringContaining('then restart ihandler') },
      ],
    });
    expect(found.healthProblems).toMatchObject([
      expect.stringMatching(/^sql: stopped: the log is broken; 2/),
    ]);
    const words = await world.run(['status', '-c', 'my.yaml']);
    expect(words.stdout).toMatch(/^sql +stopped /m);
  });

  test('is unhealthy at once when its start fails', async () => {
    const world = liveWorld(sql);
    world.write('attacks.sqlite', '');
    const other = new Database(join(world.folder, 'attacks.sqlite'));
    other.exec('BEGIN EXCLUSIVE');
    await startedHere(world);
    await failing(world);
    expect(await everywhere(world)).toMatchObject({
      status: 3,
      health: 503,
      problems: [expect.stringMatching(/^sql: the handler does not start: .*locked/)],
      doctor: [{ severity: 'error' }],
    });
    other.exec('ROLLBACK');
    other.close();
    await until(
      () => status(world),
      ({ code }) => code === 0,
    );
  });
});
