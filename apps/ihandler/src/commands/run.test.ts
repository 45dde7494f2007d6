import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connectControl } from '@ihandler/host';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltProgram, buildProgram } from '../testing/built-program.ts';
import { installPlain } from '../testing/fixture-packages.ts';
import { liveWorld, numbersIn, startedIn, stopped, tailing, until } from '../testing/running-world.ts';
import type { World } from '../testing/world.ts';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram(['journal-sqlite']);
});
afterAll(() => program.remove());

const keep = 'ihandlers:\n  - { name: keep, config: { file: kept.json } }\n';
const worldWith = (yaml: string) => liveWorld(program, yaml);
const started = (world: World) => startedIn(program, world);

describe('run', () => {
  test('reports what runs, delivers incidents, and stops on SIGTERM after the last delivery', async () => {
    const world = worldWith(tailing + keep);
    const running = await started(world);
    expect(running.stderr()).toMatch(/^started: process \d+, sensor sensor-1, data .*\/data$/m);
    expect(running.stderr()).toMatch(/^ {2}journal: sqlite .*\/data\/journal\.sqlite$/m);
    expect(running.stderr()).toContain('  sources: tail\n  ihandlers: keep\n');
    expect(running.stderr()).toMatch(/http:\/\/127\.0\.0\.1:\d+\/health/);
    world.write('numbers', '1\n2\n3\n');
    await until(
      () => numbersIn(world),
      ({ length }) => length === 3,
    );
    const { code, stdout, stderr } = await stopped(running);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain('stopped: no pending incidents');
    expect(existsSync(join(world.folder, 'data/control.sock'))).toBe(false);
  });

  test('loses nothing when it is killed, and delivers nothing twice to a handler with a checkpoint', async () => {
    const world = worldWith(tailing + keep);
    world.write('numbers', '');
    const file = join(world.folder, 'numbers');
    let n = 0;
    for (const part of [1, 2, 3]) {
      const running = await started(world);
      for (let line = 0; line < 50; line += 1) {
        n += 1;
        appendFileSync(file, `${n}\n`);
        await pause(1);
      }
      await until(
        () => numbersIn(world),
        ({ length }) => length > part * 20,
      );
      running.child.kill('SIGKILL');
      await running.ended;
    }
    const last = await started(world);
    await until(
      () => numbersIn(world),
      ({ length }) => length === n,
    );
    await stopped(last);
    expect(numbersIn(world)).toEqual(Array.from({ length: n }, (_, index) => index + 1));
  });

  test('continues while the file of one handler is damaged, and names that handler', async () => {
    const world = worldWith(
      `${tailing}ihandlers:\n  - { name: keep, config: { file: kept.json } }\n  - damaged\n`,
    );
    installPlain(
      world,
      'damaged',
      `export default () => ({ contract: 1, name: 'damaged', on: {}, start() {
        throw Object.assign(new Error('The database my.sqlite is damaged.'), { name: 'IhandlerError', code: 'TARGET_UNREADABLE' });
      } });`,
    );
    const running = await started(world);
    world.write('numbers', '1\n2\n3\n');
    await until(
      () => numbersIn(world),
      ({ length }) => length === 3,
    );
    const status = await world.run(['status', '-c', 'my.yaml']);
    expect(status.stdout).toContain('The database my.sqlite is damaged.');
    expect((await stopped(running)).code).not.toBe(4);
  });

  test('reports the backlog of each handler when it stops before all is delivered', async () => {
    const world = worldWith(`${tailing}ihandlers: [later, hangs]\n`);
    installPlain(
      world,
      'later',
      `export default () => ({ contract: 1, name: 'later', on: { 'test.*': () => { throw Object.assign(new Error('the server is away'), { retryAfter: 60_000 }); } } });`,
    );
    installPlain(
      world,
      'hangs',
      `export default () => ({ contract: 1, name: 'hangs', on: { 'test.*': () => new Promise(() => {}) } });`,
    );
    const running = await started(world);
    world.write('numbers', '1\n2\n');
    await until(
      () => connectControl(join(world.folder, 'data')).status(),
      (status) => JSON.stringify(status).includes('the server is away'),
    );
    const began = performance.now();
    const { code, stderr } = await stopped(running);
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(code).toBe(0);
    expect(stderr).toContain(
      'pending incidents are in the journal and will be delivered after the next start',
    );
    expect(stderr).toContain('later: 2 pending (the server is away)');
    expect(stderr).toContain('hangs: 2 pending');
  }, 40_000);

  test('exits at once on a second signal', async () => {
    const world = worldWith(`${tailing}ihandlers: [hangs]\n`);
    installPlain(
      world,
      'hangs',
      `export default () => ({ contract: 1, name: 'hangs', on: { 'test.*': () => new Promise(() => {}) } });`,
    );
    const running = await started(world);
    world.write('numbers', '1\n');
    await until(
      () => connectControl(join(world.folder, 'data')).status(),
      (status) => JSON.stringify(status).includes('"delivering"'),
    );
    running.child.kill('SIGTERM');
    await running.said('stopping');
    await pause(400);
    const began = performance.now();
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(130);
    // Without the second signal it would take 8 seconds.
    expect(performance.now() - began).toBeLessThan(6000);
  });

  test('refuses a second process on a data folder or journal, and names the first', async () => {
    const world = worldWith(tailing + keep);
    const running = await started(world);
    const second = await program.start(world, ['run', '-c', 'my.yaml']).ended;
    expect(second.code).toBe(4);
    expect(second.stderr).toContain(`process ${running.child.pid}`);
    world.write(
      'my.yaml',
      `${tailing.replace('data: data', 'data: other')}journal: { name: sqlite, config: { file: data/journal.sqlite } }\n${keep}`,
    );
    const third = await program.start(world, ['run', '-c', 'my.yaml']).ended;
    expect(third.code).toBe(4);
    expect(third.stderr).toContain(`process ${running.child.pid}`);
    world.write('numbers', '1\n');
    await until(
      () => numbersIn(world),
      ({ length }) => length === 1,
    );
    await stopped(running);
  });

  test('reopens files on SIGHUP and on the command reopen', async () => {
    const world = worldWith(`${tailing}ihandlers: [again]\n`);
    const file = join(world.folder, 'reopened');
    installPlain(
      world,
      'again',
      `import { appendFileSync } from 'node:fs'; export default () => ({ contract: 1, name: 'again', on: {}, reopen() { appendFileSync(${JSON.stringify(file)}, 'x'); } });`,
    );
    const running = await started(world);
    running.child.kill('SIGHUP');
    await until(() => existsSync(file), Boolean);
    await connectControl(join(world.folder, 'data')).reopen();
    expect(world.read('reopened')).toBe('xx');
    await connectControl(join(world.folder, 'data')).stop();
    expect((await running.ended).code).toBe(0);
  });

  test('writes invalid input to a rejects file, and continues', async () => {
    const world = worldWith(tailing + keep);
    world.write('numbers', '1\nnonsense\n2\n');
    const running = await started(world);
    await until(
      () => numbersIn(world),
      ({ length }) => length === 2,
    );
    await stopped(running);
    expect(JSON.parse(world.read('data/rejects-live.ndjson'))).toMatchObject({
      rejected: { offset: 2, reason: 'expected a number' },
      text: 'nonsense',
    });
    expect(running.stderr()).toContain('warning: tail: rejected invalid input file=');
  });
});
