import { describe, expect, test } from 'vitest';
import { installPlain, lines } from '../testing/fixture-packages.ts';
import { numbers, worldWithPackages } from '../testing/importing-world.ts';

describe('import', () => {
  test('continues with the next file when one cannot be read completely', async () => {
    const world = worldWithPackages();
    world.write('a.txt', `${lines(1)}{"lines":1,"throw":1}\n`);
    world.write('b.txt', lines(1, 2, 3, 4, 5, 6));
    const { code, stdout } = await world.run(['import', 'a.txt', 'b.txt', '--with', 'keep:file=out.json']);
    expect(code).toBe(4);
    expect(stdout).toContain('a.txt was not read completely: the disk is gone');
    expect(numbers(world, 'out.json')).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('reports every file that cannot be imported before it reads any', async () => {
    const world = worldWithPackages();
    world.write('good.txt', lines(1));
    world.write('odd.txt', 'something else');
    const { code, stderr } = await world.run([
      'import',
      'good.txt',
      'gone.txt',
      '.',
      'odd.txt',
      '--with',
      'keep:file=out.json',
    ]);
    expect(code).toBe(4);
    expect(stderr).toContain('Cannot read gone.txt');
    expect(stderr).toContain('. is a folder');
    expect(stderr).toContain('Unrecognised file format: odd.txt. Supported:\n  lines: Lines with numbers');
    expect(world.list('.')).not.toContain('out.json');
  });

  test('reads nothing when a handler cannot start, and names it', async () => {
    const world = worldWithPackages();
    installPlain(
      world,
      'future',
      `export default () => ({ contract: 1, name: 'future', on: {}, start() {
        throw Object.assign(new Error('/x.sqlite is of a newer version: update this package'), { name: 'IhandlerError', code: 'TARGET_UNREADABLE' });
      } });`,
    );
    world.write('a.txt', lines(1));
    const { code, stderr } = await world.run([
      'import',
      'a.txt',
      '--with',
      'future',
      '--with',
      'keep:file=out.json',
    ]);
    expect(code).toBe(4);
    expect(stderr).toContain('/x.sqlite is of a newer version: update this package');
    expect(world.list('.')).not.toContain('out.json');
  });

  test('waits for a handler whose start fails temporarily, for a limited time', async () => {
    const world = worldWithPackages();
    installPlain(
      world,
      'locked',
      `let starts = 0;
      export default ({ after = 1e9 }) => ({ contract: 1, name: 'locked', on: { '*'() {} }, start() {
        starts += 1;
        if (starts <= after) throw Object.assign(new Error('the database is locked'), { retryAfter: 1 });
      } });`,
    );
    world.write('a.txt', lines(1));
    world.write('my.yaml', 'ihandlers: [{ name: locked, config: { after: 1 } }]');
    const patient = await world.run(['import', '-c', 'my.yaml', 'a.txt']);
    expect(patient.code).toBe(0);
    expect(patient.stdout).toContain('locked: 1 delivered');
    const { code, stderr } = await world.run(['import', '--with', 'locked', 'a.txt'], {
      patience: { start: 10 },
    });
    expect(code).toBe(4);
    expect(stderr).toContain('Nothing was read: a handler did not start within');
    expect(stderr).toContain('the database is locked');
  });

  test('stops when a handler makes no progress, and reports its backlog', async () => {
    const world = worldWithPackages();
    installPlain(
      world,
      'stuck',
      `export default () => ({ contract: 1, name: 'stuck', on: { '*'() { throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' }); } } });`,
    );
    world.write('a.txt', lines(1, 2));
    const { code, stdout } = await world.run(
      ['import', 'a.txt', '--with', 'stuck', '--with', 'keep:file=out.json'],
      { patience: { stall: 50 } },
    );
    expect(code).toBe(4);
    expect(stdout).toContain('stuck: 2 pending');
    expect(stdout).toContain('the disk is full');
    expect(stdout).toContain('keep: 2 delivered');
  });

  test('stops reading when no handler accepts incidents', async () => {
    const world = worldWithPackages();
    const hung = `export default () => ({ contract: 1, name: 'hung', on: { '*': () => new Promise(() => {}) } });`;
    installPlain(world, 'hung', hung);
    world.write('a.txt', lines(...Array.from({ length: 21_000 }, (_, n) => n)));
    world.write('b.txt', lines(1));
    const { code, stdout } = await world.run(['import', 'a.txt', 'b.txt', '--with', 'hung'], {
      patience: { stall: 500 },
    });
    expect(code).toBe(4);
    expect(stdout).toContain('Stopped after');
    expect(stdout).toContain('Not read: 1 of 2 files');
    expect(stdout).toMatch(/hung: .*[\d,]+ pending/);
  });

  test('stops on an interrupt, and prints the command that resumes it', async () => {
    const world = worldWithPackages();
    const interrupt = new AbortController();
    interrupt.abort();
    world.write('a.txt', lines(1, 2));
    const { code, stdout } = await world.run(['import', 'a.txt', '--with', 'keep:file=out.json'], {
      signal: interrupt.signal,
    });
    expect(code).toBe(130);
    expect(stdout).toContain(
      'Run the same command again to resume:\n  ihandler import a.txt --with keep:file=out.json',
    );
  });
});
