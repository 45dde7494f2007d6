import { describe, expect, test } from 'vitest';
import { createWorld, type World } from '../../testing/world.ts';
import { readConfiguration } from './configuration.ts';

const env = { TOKEN: 's3cret', EMPTY: '' };

function read(world: World, file = 'my.yaml') {
  return readConfiguration(`${world.folder}/${file}`, { env, learn() {} });
}

function problems(world: World, file?: string): string {
  return read(world, file).error([]).message.replaceAll(world.folder, '');
}

describe('"include"', () => {
  test('adds the lists of the files, in the order of their names, each where its own folder is', () => {
    const world = createWorld();
    world.write(
      'my.yaml',
      'data: here\nsensor: mine\ninclude: [conf.d/*.yaml, more.toml]\nihandlers: [first]\n',
    );
    world.write('conf.d/20-b.yaml', 'ihandlers: [third]\nsensor: theirs\njournal: memory\n');
    world.write('conf.d/10-a.yaml', 'ihandlers: [{ name: second, config: { file: a } }]\nsources: [lines]\n');
    world.write('conf.d/notes.txt', 'no YAML: [');
    world.write('conf.d/.hidden.yaml', 'no YAML: [');
    world.write('more.toml', '[[ihandlers]]\nname = "fourth"\nas = "last"\n');
    const { isBroken, ihandlers, sources, sensor, data, journal } = read(world);
    expect(isBroken).toBe(false);
    expect(ihandlers.map(({ name, folder }) => [name, folder?.replace(world.folder, '')])).toEqual([
      ['first', ''],
      ['second', '/conf.d'],
      ['third', '/conf.d'],
      ['fourth', ''],
    ]);
    expect([sources.length, sensor, data, journal]).toEqual([1, 'mine', `${world.folder}/here`, 'memory']);
  });

  test('takes a file once, and tells a file that includes itself through others', () => {
    const world = createWorld();
    world.write('my.yaml', 'include: [a.yaml, "*.yaml"]\n');
    world.write('a.yaml', 'include: [b.yaml]\nihandlers: [a]\n');
    world.write('b.yaml', 'ihandlers: [b]\n');
    expect(read(world, 'a.yaml').ihandlers).toHaveLength(2);
    world.write('b.yaml', 'sensor: x\ninclude:\n  - a.yaml\nihandlers: [b]\n');
    expect(problems(world, 'a.yaml')).toMatch(
      /^\/b\.yaml has one problem:\n {2}line 3, include\[0\]: .*found \/a\.yaml, which does$/,
    );
  });

  test('finds nothing with a glob, but a file that is named must be there', () => {
    const world = createWorld();
    world.write('my.yaml', 'include: [none/*.yaml, gone.yaml]\n');
    expect(problems(world)).toBe(
      '/my.yaml has one problem:\n  line 1, include[1]: expected a file; found nothing at /gone.yaml',
    );
  });

  test('tells the problems of all files at once, each with its file, line and column', () => {
    const world = createWorld();
    world.write(
      'my.yaml',
      'colour: red\ninclude: ["*.y*ml", "*.toml"]\nihandlers: [{ name: a, onyl: [x] }]\n',
    );
    world.write('b.yml', 'ihandlers:\n  - name: "b\n');
    world.write('c.toml', 'sensor = "x"\nihandlers = [ 1\n');
    world.write('d.toml', 'sensor = 7\n[[ihandlers]]\nname = "d"\n[[ihandlers]]\nname = "e"\nas = "/"\n');
    world.write('e.yaml', 'log: { levels: [all] }\n');
    const told = problems(world);
    expect(told).toMatch(
      /\/my\.yaml has 2 problems:\n {2}line 1, colour: .*\n {2}line 3, ihandlers\[0\]\.onyl:/,
    );
    expect(told).toMatch(/\/b\.yml is not YAML:\n {2}line 3, column 1: Missing closing "quote/);
    expect(told).toMatch(/\/c\.toml is not TOML:\n {2}line \d, column \d/);
    expect(told).toMatch(
      /\/d\.toml has 2 problems:\n {2}line 1, sensor: .*found 7\n {2}line 6, ihandlers\[1\]\.as:/,
    );
    expect(told).toMatch(/\/e\.yaml has one problem:\n {2}line 1, log\.levels: .*expected string/);
  });
});

describe('variables of the environment', () => {
  const config = (text: string) => {
    const world = createWorld();
    world.write('my.yaml', `ihandlers:\n  - name: x\n    config:\n${text}`);
    return { world, options: () => read(world).ihandlers[0]?.config };
  };

  test('stand in strings, with defaults, and a dollar sign twice is one', () => {
    const { options } = config(
      [
        `      key: \${TOKEN}`,
        `      url: https://u:\${TOKEN}@h/\${NONE:-a}\${EMPTY:-b}\${EMPTY}`,
        `      list: ["\${NONE:-}", $$TOKEN, "$\${TOKEN}", $TOKEN, 5]`,
        `      \${TOKEN}: a key stays`,
      ]
        .map((line) => `${line}\n`)
        .join(''),
    );
    expect(options()).toEqual({
      key: 's3cret',
      url: 'https://u:s3cret@h/ab',
      list: ['', '$TOKEN', `\${TOKEN}`, '$TOKEN', 5],
      [`\${TOKEN}`]: 'a key stays',
    });
  });

  test('that are missing, or not well written, are told with their line; none is ever run as code', () => {
    const { world } = config(
      `      a: \${NONE}\n      b: [1, "\${A B}"]\n      c: "\${OPEN"\n      d: \${constructor}\n`,
    );
    const told = problems(world);
    expect(told).toContain('/my.yaml has 4 problems:');
    expect(told).toMatch(/line 4, ihandlers\[0\]\.config\.a: expected the variable NONE .*default/);
    expect(told).toMatch(/line 5, ihandlers\[0\]\.config\.b\[1\]: expected \$\{NAME\}.*found \$\{A B\}/);
    expect(told).toMatch(/line 6, ihandlers\[0\]\.config\.c: .*found \$\{OPEN/);
    expect(told).toMatch(/line 7, .*the variable constructor/);
  });

  test('are not shown where a setting does not fit', () => {
    const world = createWorld();
    world.write('my.yaml', `ihandlers:\n  - name: x\n    as: "a/\${TOKEN}"\n    only: \${TOKEN}\n`);
    expect(problems(world)).toContain(`found "a/\${TOKEN}"`);
    expect(problems(world)).not.toContain('s3cret');
  });
});
