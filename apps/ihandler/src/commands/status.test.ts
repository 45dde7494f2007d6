import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltProgram, buildProgram } from '../testing/built-program.ts';
import { installPlain } from '../testing/fixture-packages.ts';
import { liveWorld, startedIn, stopped, tailing, until } from '../testing/running-world.ts';
import { createWorld, recorder, type World } from '../testing/world.ts';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram(['journal-sqlite']);
});
afterAll(() => program.remove());

async function status(world: World) {
  const { code, stdout } = await world.run(['status', '-c', 'my.yaml', '--json']);
  return { code, ...JSON.parse(stdout) };
}

describe('status', () => {
  test('shows sources, handlers and backlogs of a running program', async () => {
    const world = liveWorld(
      program,
      `${tailing}ihandlers:\n  - { name: keep, config: { file: kept.json } }\n  - later\n`,
    );
    installPlain(
      world,
      'later',
      `export default () => ({ contract: 1, name: 'later', counters: () => ({ asked: 12345, ...Object.fromEntries([...'abcdefgh'].map((letter) => [letter.repeat(9), 1])) }), on: { 'test.*': () => { throw Object.assign(new Error('the server is away'), { retryAfter: 60_000 }); } } });`,
    );
    const running = await startedIn(program, world);
    world.write('numbers', '1\n2\nnonsense\n3\n');
    await until(
      () => status(world),
      ({ ihandlers }) => ihandlers[0].counts.delivered === 3,
    );
    await until(
      () => status(world),
      ({ ihandlers }) => ihandlers[1].failure !== null,
    );
    const found = await status(world);
    expect(found).toMatchObject({
      code: 0,
      running: true,
      pid: running.child.pid,
      data: join(world.folder, 'data'),
      problems: [],
      journal: { name: 'sqlite', entries: 3 },
      ihandlers: [
        { instance: 'keep', handler: 'keep', state: 'live', pending: 0, oldestPending: null },
        {
          instance: 'later',
          state: 'waiting',
          pending: 3,
          failure: 'the server is away',
          counters: { asked: 12345, aaaaaaaaa: 1, hhhhhhhhh: 1 },
        },
      ],
      sources: [{ instance: 'tail', state: 'running', accepted: 3, rejected: 1 }],
    });
    expect(Date.now() - found.ihandlers[1].oldestPending).toBeLessThan(30_000);
    const { code, stdout } = await world.run(['status', '-c', 'my.yaml']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ihandler has been running for [\d.]+ m?s, process \d+, sensor sensor-1$/m);
    expect(stdout).toMatch(/^keep +live +0 +- +3 +0 +0$/m);
    expect(stdout).toMatch(/^later +waiting +3 +[\d.]+ m?s +0 +0 +0$/m);
    expect(stdout).toContain('    the server is away\n    asked 12,345, aaaaaaaaa 1, ');
    // The counters continue on the next line.
    for (const letter of 'abcdefgh') expect(stdout).toMatch(new RegExp(`[ ,]${letter}{9} 1(?:,|$)`, 'm'));
    expect(stdout).toMatch(/^tail +running +3 +0 +1 +0 +[\d.]+ m?s$/m);
    // A path is never cut.
    const lines = stdout.split('\n').filter((line) => !line.startsWith('journal '));
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
    await stopped(running);

    const after = await status(world);
    expect(after).toMatchObject({ code: 3, running: false, pid: null, journal: { entries: 3 }, sources: [] });
    expect(after.ihandlers).toMatchObject([
      { instance: 'keep', state: 'not running', pending: 0, counts: { delivered: 3 } },
      { instance: 'later', state: 'not running', pending: 3 },
    ]);
    const words = await world.run(['status', '-c', 'my.yaml']);
    expect(words.code).toBe(3);
    expect(words.stdout).toContain('not running: figures are from the journal');
  }, 60_000);

  test('says why it has no figures of a host that is not running', async () => {
    const world = createWorld();
    world.write('my.yaml', 'data: data\njournal: memory\n');
    const memory = await world.run(['status', '-c', 'my.yaml']);
    expect(memory.code).toBe(3);
    expect(memory.stdout).toContain('not running, and its journal is in memory: nothing was stored');
    program.install(world, 'journal-sqlite');
    world.write('my.yaml', 'data: data\n');
    const never = await world.run(['status', '-c', 'my.yaml']);
    expect(never.stdout).toMatch(
      /not running, and the journal .*journal\.sqlite does not exist: it has never run/,
    );
  });

  test('shows a source that keeps failing, and exits with code 3', async () => {
    const world = liveWorld(program, `${tailing}ihandlers: []\n`);
    world.write('numbers', '1\n');
    const running = await startedIn(program, world);
    world.write('numbers', '1\nthrow\n');
    await running.said('source stopped, restarting');
    const found = await status(world);
    expect(found.sources).toMatchObject([{ state: 'failed', accepted: 1, failure: 'the disk is gone' }]);
    expect(found).toMatchObject({ code: 3, problems: ['tail: failed: the disk is gone'] });
    const health = await fetch(`${found.health}/health`);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({
      status: 'unhealthy',
      problems: ['tail: failed: the disk is gone'],
    });
    await stopped(running);
  }, 60_000);

  test('keeps watching a program that does not answer', async () => {
    const world = liveWorld(program, `${tailing}ihandlers: []\n`);
    const running = await startedIn(program, world);
    const watching = program.start(world, ['status', '-c', 'my.yaml', '--watch']);
    running.child.kill('SIGSTOP');
    await watching.said('has not answered for 10 s: it is busy, stopped or stuck. Try again, or restart it');
    watching.child.kill('SIGINT');
    expect((await watching.ended).code).toBe(3);
    running.child.kill('SIGCONT');
    await stopped(running);
  }, 60_000);

  test('refreshes every second until it is interrupted', async () => {
    const world = createWorld();
    world.write('my.yaml', 'data: data\njournal: memory\n');
    const user = new AbortController();
    const stdout = recorder();
    const watching = world.run(['status', '-c', 'my.yaml', '--watch'], { signal: user.signal, stdout });
    const looks = () => stdout.text().match(/not running on/g)?.length ?? 0;
    await until(looks, (times) => times === 2);
    user.abort();
    expect((await watching).code).toBe(3);
  });
});
