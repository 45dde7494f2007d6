import { describe, expect, test } from 'vitest';
import { installPlain, lines } from '../testing/fixture-packages.ts';
import { numbers, worldWithPackages } from '../testing/importing-world.ts';

describe('import', () => {
  test('goes on with the next file when one cannot be read to its end', async () => {
    const world = worldWithPackages();
    world.write('a.txt', `${lines(1)}{"lines":1,"throw":1}\n`);
    world.write('b.txt', lines(1, 2, 3, 4, 5, 6));
    const { code, stdout } = await world.run(['import', 'a.txt', 'b.txt', '--with', 'keep:file=out.json']);
    expect(code).toBe(4);
    expect(stdout).toContain('a.txt was not read to its end: the disk is gone');
    expect(numbers(world, 'out.json')).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('tells of every file that cannot be imported before anything is read', async () => {
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
    expect(stderr).toContain('gone.txt cannot be read');
    expect(stderr).toContain('. is a folder');
    expect(stderr).toContain(
      'odd.txt is not of a kind that an installed source reads:\n  lines: Lines with numbers',
    );
    expect(world.list('.')).not.toContain('out.json');
  });

  test('reads nothing when a handler cannot be started, and says which', async () => {
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

  test('waits for a handler whose start fails for now, and not for ever', async () => {
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
    expect(stderr).toContain('Nothing was read, since a handler does not start');
    expect(stderr).toContain('the database is locked');
  });

  test('gives up on a handler that makes no progress, and says what waits', async () => {
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
    expect(stdout).toContain('stuck: 2 still waiting');
    expect(stdout).toContain('the disk is full');
    expect(stdout).toContain('keep: 2 delivered');
  });

  test('reads no further when no handler takes anything any more', async () => {
    const world = worldWithPackages();
    const hung = `export default () => ({ contract: 1, name: 'hung', on: { '*': () => new Promise(() => {}) } });`;
    installPlain(world, 'hung', hung);
    world.write('a.txt', lines(...Array.from({ length: 21_000 }, (_, n) => n)));
    world.write('b.txt', lines(1));
    const { code, stdout } = await world.run(['import', 'a.txt', 'b.txt', '--with', 'hung'], {
      patience: { stall: 500 },
    });
    expect(code).toBe(4);
    expect(stdout).toContain('Gave up');
    expect(stdout).toContain('Not read: 1 of 2 files');
    expect(stdout).toMatch(/hung: .*[\d,]+ still waiting/);
  });

  test('stops when it is interrupted, and says that the same command goes on', async () => {
    const world = worldWithPackages();
    const interrupt = new AbortController();
    interrupt.abort();
    world.write('a.txt', lines(1, 2));
    const { code, stdout } = await world.run(['import', 'a.txt', '--with', 'keep:file=out.json'], {
      signal: interrupt.signal,
    });
    expect(code).toBe(130);
    expect(stdout).toContain(
      'the same command goes on from there:\n  ihandler import a.txt --with keep:file=out.json',
    );
  });
});
