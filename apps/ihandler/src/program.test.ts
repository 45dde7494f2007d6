import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { installKeep, installLines, installPlain, lines } from './testing/fixture-packages.ts';
import { createWorld, recorder, type World } from './testing/world.ts';

/** Installs a package with the command `tree`, for targets that end in a suffix. */
function installTree(world: World, name: string, suffix: string): void {
  world.install(
    name,
    {
      exports: { './commands': './commands.js' },
      ihandler: {
        contract: 1,
        commands: { tree: { export: './commands', summary: 'Print attacks as trees' } },
      },
    },
    {
      'commands.js': `export const commands = { tree: {
        name: 'tree', summary: 'Print attacks as trees', usage: 'TARGET.${suffix} [--since DATE]',
        options: { since: { type: 'string', value: 'DATE', help: 'Only later ones' }, utc: { type: 'boolean', short: 'u', help: 'Times in UTC' } },
        examples: [['ihandler tree a.${suffix}', 'all']],
        accepts: (target) => target.endsWith('.${suffix}'),
        async run({ options, positionals }, { terminal }) {
          await terminal.write('${suffix} ' + JSON.stringify([{ ...options }, positionals, terminal.color]) + '\\n');
          for (let n = 0; n < 10; n += 1) await terminal.write('line\\n');
          return positionals.includes('none') ? 1 : 0;
        },
      } };`,
    },
  );
}

describe('the program', () => {
  test('lists its commands and those of packages, without running their code', async () => {
    const world = createWorld();
    installTree(world, 'ihandler-a', 'a');
    world.install('ihandler-b', {
      ihandler: { contract: 1, commands: { boom: { export: './gone', summary: 'Never\u001b[31m loaded' } } },
    });
    for (const argv of [['--help'], ['help'], ['-h'], []]) {
      const { code, stdout } = await world.run(argv);
      expect(code).toBe(argv.length === 0 ? 2 : 0);
      expect(stdout).toContain('import');
      expect(stdout).toMatch(/tree +Print attacks as trees \(ihandler-a\)/);
      expect(stdout).toContain('Never\\x1b[31m loaded');
      expect(stdout).toMatch(/130 +interrupted/);
    }
  });

  test('shows its version', async () => {
    const { code, stdout } = await createWorld().run(['--version']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('shows the help of a command, with examples as the user must type them', async () => {
    const world = createWorld();
    installTree(world, 'ihandler-a', 'a');
    const env = { npm_lifecycle_event: 'ihandler' };
    for (const argv of [
      ['tree', '--help'],
      ['help', 'tree'],
      ['tree', 'x.a', '-h'],
    ]) {
      const { code, stdout } = await world.run(argv, { env });
      expect(code).toBe(0);
      expect(stdout).toContain('npm run --silent ihandler -- tree TARGET.a [--since DATE]');
      expect(stdout).toContain('--since DATE');
      expect(stdout).toContain('  npm run --silent ihandler -- tree a.a');
    }
    expect((await world.run(['import', '--help'])).stdout).toContain('| ihandler import -c my.yaml -');
  });

  test('shows help of every command within 80 columns', async () => {
    const world = createWorld();
    world.link('log-sqlite', 'store', 'virustotal');
    const overview = (await world.run(['--help'])).stdout;
    const names = [...overview.matchAll(/^ {2}([a-z][a-z-]+) {3,}[A-Z]/gm)].map(([, name = '']) => name);
    expect(names).toEqual(
      expect.arrayContaining(['dead-letters', 'tree', 'backup', 'samples', 'virustotal']),
    );
    for (const argv of [['--help'], ...names.map((name) => ['help', name])]) {
      const { code, stdout } = await world.run(argv);
      expect(code).toBe(0);
      expect(
        stdout.split('\n').filter((line) => line.length > 80),
        argv.join(' '),
      ).toEqual([]);
    }
  });

  test('shows the help of a command that several packages contribute', async () => {
    const world = createWorld();
    installTree(world, 'ihandler-a', 'a');
    installTree(world, 'ihandler-b', 'b');
    for (const argv of [
      ['help', 'tree'],
      ['tree', '--help'],
      ['tree', 'x.c', '-h'],
    ]) {
      const { code, stdout } = await world.run(argv);
      expect(code).toBe(0);
      expect(stdout).toContain('tree TARGET.a [--since DATE]');
    }
    expect((await world.run(['tree', 'x.b', '--help'])).stdout).toContain('tree TARGET.b [--since DATE]');
    expect((await world.run(['tree'])).stderr).toContain(
      'expected something that it can read, found nothing',
    );
  });

  test('runs the command of a package with its options', async () => {
    const world = createWorld();
    installTree(world, 'ihandler-a', 'a');
    const { code, stdout } = await world.run(['tree', '--since', '2026', '-u', 'x.a', 'none', '--color']);
    expect(code).toBe(1);
    expect(stdout).toContain('a [{"since":"2026","utc":true,"color":true},["x.a","none"],true]');
  });

  test('runs the command of the first package that accepts the target', async () => {
    const world = createWorld();
    installTree(world, 'ihandler-a', 'a');
    installTree(world, 'ihandler-b', 'b');
    expect((await world.run(['tree', 'x.b'])).stdout).toMatch(/^b /);
    expect((await world.run(['tree', 'x.a'])).stdout).toMatch(/^a /);
    const { code, stderr } = await world.run(['tree', 'x.c']);
    expect(code).toBe(4);
    expect(stderr).toContain('expected something that it can read, found "x.c"');
    expect(stderr).toContain('ihandler-a: tree TARGET.a');
    expect(stderr).toContain('ihandler-b: tree TARGET.b');
  });

  test('names the package and version of a command that cannot be loaded', async () => {
    const world = createWorld();
    world.install(
      'ihandler-b',
      { ihandler: { contract: 1, commands: { boom: { export: './x.js', summary: 'x' } } } },
      {
        'x.js': `throw new Error('a part is missing');`,
      },
    );
    const { code, stderr } = await world.run(['boom']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^ihandler: ihandler-b 1\.2\.3: .*a part is missing\n$/);
  });

  test('suggests the nearest command and option', async () => {
    const world = createWorld();
    installTree(world, 'ihandler-a', 'a');
    const command = await world.run(['tere', 'x.a']);
    expect(command.code).toBe(2);
    expect(command.stderr).toContain("unknown command 'tere'\n(Did you mean tree?)");
    const option = await world.run(['tree', 'x.a', '--snice=1']);
    expect(option.code).toBe(2);
    expect(option.stderr).toContain("unknown option '--snice=1'\n(Did you mean --since?)");
  });

  test.each([
    [['tree', 'x.a', '--since'], "option '--since DATE' argument missing"],
    [
      ['tree', 'x.a', '--since', '--utc'],
      "option '--since DATE' argument '--utc' is invalid. To pass it as a value: --since=--utc",
    ],
    [['tree', 'x.a', '--utc=yes'], "unknown option '--utc=yes'"],
    [['--frobnicate'], "unknown option '--frobnicate'"],
    [['import'], 'Expected at least one file to import'],
  ])('refuses %j', async (argv, message) => {
    const world = createWorld();
    installTree(world, 'ihandler-a', 'a');
    const { code, stderr } = await world.run(argv);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test('exits quietly when the reader of its output has gone', async () => {
    const world = createWorld();
    installTree(world, 'ihandler-a', 'a');
    let taken = 0;
    const head = new Writable({
      write(_chunk, _encoding, done) {
        taken += 1;
        done(taken > 1 ? Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }) : null);
      },
    });
    const { code, stderr } = await world.run(['tree', 'x.a'], { stdout: head });
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(taken).toBe(2);
  });

  test.each<[string, Record<string, string>, boolean, string[], boolean]>([
    ['a terminal', {}, true, [], true],
    ['no terminal', {}, false, [], false],
    ['NO_COLOR', { NO_COLOR: '1' }, true, [], false],
    ['an empty NO_COLOR', { NO_COLOR: '' }, true, [], true],
    ['FORCE_COLOR', { FORCE_COLOR: '1' }, false, [], true],
    ['--no-color', { FORCE_COLOR: '1' }, true, ['--no-color'], false],
    ['--color', { NO_COLOR: '1' }, false, ['--color'], true],
    ['a dumb terminal', { TERM: 'dumb' }, true, [], false],
  ])('decides on colour for %s', async (_what, env, isTTY, flags, expected) => {
    const world = createWorld();
    installTree(world, 'ihandler-a', 'a');
    const stdout = recorder(isTTY);
    await world.run(['tree', 'x.a', ...flags], { env, stdout });
    expect(stdout.text()).toContain(`${expected}]`);
  });

  test('draws progress on a terminal only, and leaves one line', async () => {
    const world = createWorld();
    installLines(world);
    installPlain(
      world,
      'slow',
      `export default () => ({ contract: 1, name: 'slow', on: { '*': () => new Promise((done) => setTimeout(done, 300)) } });`,
    );
    world.write('a.txt', lines(1, 2));
    const stderr = recorder(true);
    const { code } = await world.run(['import', 'a.txt', '--with', 'slow'], { stderr });
    expect(code).toBe(0);
    expect(stderr.text()).toMatch(/\r[#-]{20} +\d+ %/);
    expect(stderr.text()).toMatch(/\r\x1b\[K#{20} 100 % .*a\.txt\n$/);
  });
});

describe('list', () => {
  test('shows for each package what it contributes, needs and sends', async () => {
    const world = createWorld();
    installLines(world);
    installKeep(world);
    installPlain(world, 'chatty', `throw new Error('must not be run');`, true);
    world.install('ihandler-future', { ihandler: { contract: 9 } });
    const { code, stdout } = await world.run(['list']);
    expect(code).toBe(0);
    expect(stdout).toContain('@acme/ihandler-keep 1.2.3');
    expect(stdout).toContain('keep (also keep_it): Keeps numbers');
    expect(stdout).toContain('sends nothing off this machine; needs file');
    expect(stdout).toMatch(
      /sends numbers to example\.org; the sensor's address is masked by default; off by\s+default/,
    );
    expect(stdout).toContain('lines: Lines with numbers (import reads files and standard input)');
    expect(stdout).toContain('cannot be used: ihandler-future 1.2.3 is made for contract 9');
  });

  test('prints JSON', async () => {
    const world = createWorld();
    installKeep(world);
    const { stdout } = await world.run(['list', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      packages: [
        {
          name: '@acme/ihandler-keep',
          ihandlers: [{ name: 'keep', network: false, needs: ['file'], runsByDefault: false }],
        },
      ],
      unusable: [],
    });
  });

  test('says when nothing is installed', async () => {
    const { code, stdout } = await createWorld().run(['list']);
    expect(code).toBe(0);
    expect(stdout).toContain('npm search keywords:ihandler');
  });
});
