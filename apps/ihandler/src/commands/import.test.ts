import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { installPlain, lines } from '../testing/fixture-packages.ts';
import { numbers, worldWithPackages } from '../testing/importing-world.ts';

describe('import', () => {
  test('imports a recording into the handler of --with, and reports the counts', async () => {
    const world = worldWithPackages();
    world.write('a.txt', lines(1, 2, 3));
    const { code, stdout, stderr } = await world.run(['import', 'a.txt', '--with', 'keep:file=out.json']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('Imported a.txt');
    expect(stdout).toContain('3 incidents accepted');
    expect(stdout).toContain('keep: 3 delivered');
    expect(numbers(world, 'out.json')).toEqual([1, 2, 3]);
  });

  test('stores nothing twice when it is repeated, and says so', async () => {
    const world = worldWithPackages();
    world.write('a.txt', lines(1, 2, 3));
    const command = ['import', 'a.txt', '--with', 'keep:file=out.json'];
    await world.run(command);
    const { code, stdout } = await world.run(command);
    expect(code).toBe(0);
    expect(stdout).toContain('Already imported: nothing new.');
    expect(numbers(world, 'out.json')).toEqual([1, 2, 3]);
  });

  test('counts apart what a handler has already', async () => {
    const world = worldWithPackages();
    world.write('a.txt', lines(1, 2, 3));
    await world.run(['import', 'a.txt', '--with', 'keep:file=out.json']);
    world.write('a.txt', lines(1, 2, 3, 4));
    world.write(
      'my.yaml',
      'data: state\nihandlers:\n  - { name: keep, config: { file: out.json } }\n  - { name: keep, as: new, config: { file: new.json } }\n',
    );
    const copy = world.read('out.json');
    const { stdout } = await world.run(['import', '-c', 'my.yaml', 'a.txt']);
    expect(stdout).toContain('  keep: 1 delivered, 3 already there\n  new: 4 delivered\n');
    expect(numbers(world, 'out.json')).toEqual([1, 2, 3, 4]);
    world.write('out.json', copy);
    world.write('new.json', '{"numbers":[],"checkpoint":{}}');
    const { stdout: json } = await world.run(['import', '-c', 'my.yaml', 'a.txt', '--json']);
    expect(JSON.parse(json).ihandlers).toMatchObject([
      { name: 'keep', delivered: 1, known: 3 },
      { name: 'new', delivered: 4, known: 0 },
    ]);
  });

  test('runs the handlers of a configuration, with paths relative to its folder', async () => {
    const world = worldWithPackages();
    world.write('a.txt', lines(1, 2));
    world.write(
      'etc/my.yaml',
      `data: state
ihandlers:
  - name: keep_it
    config: { file: out.json }
  - name: '@acme/ihandler-keep'
    as: second
    except: [test.other.*]
    config: { file: second.json }
  - ./shout.js
`,
    );
    world.write(
      'etc/shout.js',
      `import { appendFileSync } from 'node:fs';
      export default { contract: 1, name: 'shout', on: { '*': ({ sensor }, { dataDir }) => appendFileSync(dataDir + '/heard', sensor + ' ') } };`,
    );
    const { code, stdout, stderr } = await world.run(['import', '-c', 'etc/my.yaml', 'a.txt']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(numbers(world, 'etc/out.json')).toEqual([1, 2]);
    expect(numbers(world, 'etc/second.json')).toEqual([1, 2]);
    expect(world.read('etc/state/shout/heard')).toBe('sensor-1 sensor-1 ');
    expect(stdout).toContain('second: 2 delivered');
  });

  test('runs the default handlers when none is named, and lists the others', async () => {
    const world = worldWithPackages();
    installPlain(world, 'quiet', `export default () => ({ contract: 1, name: 'quiet', on: { '*'() {} } });`);
    installPlain(world, 'chatty', `throw new Error('must not be run');`, true);
    world.write('a.txt', lines(1));
    const { code, stdout, stderr } = await world.run(['import', 'a.txt']);
    expect(code).toBe(0);
    expect(stdout).toContain('quiet: 1 delivered');
    expect(stderr).toContain('keep (needs file)');
    expect(stderr).toContain('chatty (off by default (uses the network))');
  });

  test('suggests a command when no handler runs by default', async () => {
    const world = worldWithPackages();
    world.write('a file.txt', lines(1));
    const { code, stderr } = await world.run(['import', 'a file.txt']);
    expect(code).toBe(2);
    expect(stderr).toContain(`ihandler import 'a file.txt' --with keep:file=numbers.json`);
  });

  test('writes rejected input to a new file, and prints how to import it', async () => {
    const world = worldWithPackages();
    world.write('a.txt', `${lines(1)}{"lines":1, oops\n${lines(2)}`);
    const { code, stdout } = await world.run(['import', 'a.txt', '--with', 'keep:file=out.json']);
    expect(code).toBe(3);
    expect(numbers(world, 'out.json')).toEqual([1, 2]);
    const [name = ''] = world.list('state/ihandler').filter((file) => file.startsWith('rejects-'));
    expect(JSON.parse(world.read(`state/ihandler/${name}`))).toMatchObject({
      rejected: { offset: 18, length: 16, reason: 'expected JSON' },
      text: '{"lines":1, oops',
    });
    expect(stdout).toContain(
      `ihandler import --with keep:file=out.json ${world.folder}/state/ihandler/${name}`,
    );
  });

  test('never writes rejects into a file that exists', async () => {
    const world = worldWithPackages();
    world.write('a.txt', lines(1));
    world.write('r.ndjson', 'mine');
    const { code, stderr } = await world.run([
      'import',
      'a.txt',
      '--with',
      'keep:file=out.json',
      '--rejects',
      'r.ndjson',
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('r.ndjson exists already');
    expect(world.read('r.ndjson')).toBe('mine');
  });

  test('says that an empty file has nothing to import', async () => {
    const world = worldWithPackages();
    world.write('empty.txt', '');
    const { code, stdout } = await world.run(['import', 'empty.txt', '--with', 'keep:file=out.json']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('Nothing to import: the input is empty.')]);
  });

  test('writes dead letters to a file, and exits with code 3', async () => {
    const world = worldWithPackages();
    world.write('a.txt', lines(1, 666, 3));
    const { code, stdout } = await world.run(['import', 'a.txt', '--with', 'keep:file=out.json']);
    expect(code).toBe(3);
    expect(stdout).toMatch(/keep: 2 delivered, .*1 moved to dead letters/);
    expect(numbers(world, 'out.json')).toEqual([1, 3]);
    const [name = ''] = world.list('state/ihandler').filter((file) => file.startsWith('dead-letters-'));
    expect(JSON.parse(world.read(`state/ihandler/${name}`))).toMatchObject({
      deadLetter: { instance: 'keep', reason: expect.stringContaining('never') },
      incident: expect.objectContaining({ origin: 'test.line.seen' }),
    });
  });

  test('prints one JSON object with --json', async () => {
    const world = worldWithPackages();
    world.write('a.txt', `${lines(1)}oops\n`);
    world.write('empty.txt', '');
    const { code, stdout } = await world.run([
      'import',
      'a.txt',
      'empty.txt',
      '--json',
      '--with',
      'keep:file=out.json',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      accepted: 1,
      rejected: 1,
      unknown: 1,
      files: [
        { file: 'a.txt', source: 'lines', accepted: 1, rejected: 1, failure: null },
        { file: 'empty.txt', source: null, accepted: 0 },
      ],
      ihandlers: [{ name: 'keep', delivered: 1, dead: 0, pending: 0, failure: null }],
      rejects: { count: 1 },
      exitCode: code,
    });
    expect(code).toBe(3);
  });

  test('recognises a gzipped file by its content', async () => {
    const world = worldWithPackages();
    world.write('a.gz', gzipSync(lines(1)));
    const { code, stderr } = await world.run(['import', 'a.gz', '--with', 'keep:file=out.json']);
    // The source of this test reads no gzip: that it was asked shows in what it rejects.
    expect(stderr).not.toContain('Unrecognised file format');
    expect(code).toBe(3);
  });
});
