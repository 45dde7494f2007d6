import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { query } from '@ihandler/log-postgres/testing';
import Database from 'better-sqlite3';
import { createWorld, type Ran, type World } from 'ihandler/testing';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeService } from '../support/servers/available.ts';
import { type Postgres, startPostgres } from '../support/servers/postgres.ts';

const PASSWORD = 'hunter2';
const recording = (name: string) => fileURLToPath(new URL(`../recordings/${name}`, import.meta.url));

/** A world with installed packages of this workspace. */
function worldWith(...folders: readonly string[]): World {
  const world = createWorld();
  for (const folder of folders) {
    const link = join(world.folder, 'node_modules/@ihandler', folder);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(fileURLToPath(new URL(`../../packages/${folder}`, import.meta.url)), link);
  }
  return world;
}

/** A copy of a recorded database, which a test may change. */
function copied(world: World, name: string): string {
  const file = join(world.folder, 'dionaea.sqlite');
  copyFileSync(recording(`${name}/log_sqlite.sqlite`), file);
  return file;
}

it('one command imports a database once, also after its oldest rows were deleted', async () => {
  const world = worldWith('dionaea', 'log-sqlite');
  const env = { XDG_STATE_HOME: join(world.folder, 'state'), IHANDLER_SENSOR: 'berlin' };
  const file = copied(world, 'dionaea-a');
  const target = join(world.folder, 'my.sqlite');
  const run = () =>
    world.run(['import', file, '--with', `log-sqlite:file=${target}`], {
      conditions: ['@ihandler/source'],
      env,
    });
  expect((await run()).code).toBe(0);
  const counts = () => {
    const db = new Database(target, { readonly: true });
    const tables = ['connections', 'logins', 'offers', 'dcerpcrequests'];
    const rows = tables.map((table) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
    db.close();
    return rows;
  };
  const before = counts();
  const db = new Database(file);
  for (const table of ['connections', 'logins', 'offers', 'downloads', 'dcerpcrequests', 'dcerpcbinds'])
    db.exec(`DELETE FROM ${table} WHERE connection <= 3`);
  db.exec('VACUUM');
  db.close();
  expect((await run()).code).toBe(0);
  expect(counts()).toEqual(before);
}, 60_000);

it('a database of ihandler adds nothing to another one that has its incidents, and is not imported into itself', async () => {
  const world = worldWith('dionaea', 'log-sqlite');
  const env = { XDG_STATE_HOME: join(world.folder, 'state'), IHANDLER_SENSOR: 'berlin' };
  const [one, two, three] = ['one', 'two', 'three'].map((name) => join(world.folder, `${name}.sqlite`));
  const run = (file = '', target = '') =>
    world.run(['import', file, '--with', `log-sqlite:file=${target}`], {
      conditions: ['@ihandler/source'],
      env,
    });
  const lines = recording('dionaea-a/log_incident.ndjson');
  for (const target of [one, two]) expect((await run(lines, target)).code).toBe(0);
  const count = (target = '') => {
    const db = new Database(target, { readonly: true });
    const rows = db.prepare('SELECT count(*) FROM connections').pluck().get();
    db.close();
    return rows;
  };
  const before = count(one);
  for (const [from, to] of [
    [one, two],
    [two, one],
    [one, three],
    [two, three],
    [one, three],
  ] as const)
    expect((await run(from, to)).code).toBe(0);
  expect([one, two, three].map(count)).toEqual([before, before, before]);
  const itself = await run(one, one);
  expect(itself.code).toBe(2);
  expect(itself.stderr).toContain(`Cannot import ${one} into itself: the handler log-sqlite writes ${one}`);
  expect(count(one)).toBe(before);
}, 60_000);

describeService('postgres', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres({ password: PASSWORD });
  });
  afterAll(() => server.stop());

  it("one command imports dionaea's databases into PostgreSQL once, and two more show them", async () => {
    const world = worldWith('dionaea', 'log-postgres', 'log-sqlite');
    const url = server.url.replace(`:${PASSWORD}`, '');
    vi.stubEnv('IHANDLER_POSTGRES_PASSWORD', PASSWORD);
    const env = { XDG_STATE_HOME: join(world.folder, 'state'), IHANDLER_SENSOR: 'berlin' };
    const run = (...argv: readonly string[]): Promise<Ran> =>
      world.run(argv, { conditions: ['@ihandler/source'], env });
    world.write('my.yaml', `ihandlers:\n  - name: log_postgres\n    config: { url: '${url}' }\n`);
    const files = ['dionaea-a', 'dionaea-c'].map((name) => recording(`${name}/log_sqlite.sqlite`));

    const first = await run('import', '-c', 'my.yaml', '--json', ...files);
    expect(first.stderr).toBe('');
    expect(JSON.parse(first.stdout)).toMatchObject({ rejected: 0, misfits: 0, exitCode: 0 });
    const rows = () =>
      query(
        server.url,
        `SELECT (SELECT count(*)::int FROM dionaea.connections) AS connections,
          (SELECT count(*)::int FROM dionaea.logins) AS logins, (SELECT count(*)::int FROM dionaea.sensors) AS sensors`,
      );
    const [before] = await rows();
    expect(before).toMatchObject({ connections: expect.toSatisfy((n: number) => n > 110), sensors: 1 });
    const second = await run('import', '-c', 'my.yaml', ...files);
    expect(second.code).toBe(0);
    expect(await rows()).toEqual([before]);

    const tree = await run('tree', url, '--sensor', 'berlin', '--limit', '5', '--json');
    expect(tree.stderr).toBe('');
    expect(tree.stdout.trim().split('\n')).toHaveLength(5);
    const elsewhere = await run('tree', url, '--sensor', 'elsewhere');
    expect(elsewhere).toMatchObject({ code: 1, stdout: '' });
    expect((await run('summary', url)).stdout).toContain('smbd');

    const wrong = await run('tree', url.replace('ihandler@', 'ihandler:hunter3@'));
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toContain('rejected the login of ihandler: check the user, the password');
    for (const { stdout, stderr } of [first, second, tree, wrong])
      expect(stdout + stderr).not.toContain('hunter');
  }, 60_000);
});
