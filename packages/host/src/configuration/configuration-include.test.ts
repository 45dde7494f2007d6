import { describe, expect, test } from 'vitest';
import { createFolder, type Folder } from '../testing/folder.ts';
import { loadConfiguration } from './load-configuration.ts';

const env = { TOKEN: 's3cret', EMPTY: '' };

function read(world: Folder, file = 'my.yaml') {
  return loadConfiguration(file, { cwd: world.folder, env });
}

async function problems(world: Folder, file?: string): Promise<string> {
  return (await read(world, file)).error([]).message.replaceAll(world.folder, '');
}

describe('"include"', () => {
  test('adds the lists of the files by name, each with its own folder', async () => {
    const world = createFolder();
    world.write(
      'my.yaml',
      'data: here\nsensor: mine\ninclude: [conf.d/*.yaml, more.yml]\nihandlers: [first]\n',
    );
    world.write('conf.d/20-b.yaml', 'ihandlers: [third]\nsensor: theirs\njournal: memory\n');
    world.write('conf.d/10-a.yaml', 'ihandlers: [{ name: second, config: { file: a } }]\nsources: [lines]\n');
    world.write('conf.d/notes.txt', 'no YAML: [');
    world.write('conf.d/.hidden.yaml', 'no YAML: [');
    world.write('more.yml', 'ihandlers: [{ name: fourth, as: last }]\n');
    const { isBroken, ihandlers, sources, sensor, data, journal } = await read(world);
    expect(isBroken).toBe(false);
    expect(ihandlers.map(({ name, folder }) => [name, folder?.replace(world.folder, '')])).toEqual([
      ['first', ''],
      ['second', '/conf.d'],
      ['third', '/conf.d'],
      ['fourth', ''],
    ]);
    expect([sources.length, sensor, data, journal]).toEqual([1, 'mine', `${world.folder}/here`, 'memory']);
  });

  test('reads a file once, and rejects a file that includes itself through others', async () => {
    const world = createFolder();
    world.write('my.yaml', 'include: [a.yaml, "*.yaml"]\n');
    world.write('a.yaml', 'include: [b.yaml]\nihandlers: [a]\n');
    world.write('b.yaml', 'ihandlers: [b]\n');
    expect((await read(world, 'a.yaml')).ihandlers).toHaveLength(2);
    world.write('b.yaml', 'sensor: x\ninclude:\n  - a.yaml\nihandlers: [b]\n');
    expect(await problems(world, 'a.yaml')).toMatch(
      /^\/b\.yaml has 1 problem:\n {2}line 3, include\[0\]: .*found \/a\.yaml, which does$/,
    );
  });

  test('accepts a glob without matches, but a named file must exist', async () => {
    const world = createFolder();
    world.write('my.yaml', 'include: [none/*.yaml, gone.yaml]\n');
    expect(await problems(world)).toBe(
      '/my.yaml has 1 problem:\n  line 1, include[1]: expected a file; found nothing at /gone.yaml',
    );
  });

  test('reports the problems of all files at once, each with its file, line and column', async () => {
    const world = createFolder();
    world.write('my.yaml', 'colour: red\ninclude: ["*.y*ml"]\nihandlers: [{ name: a, onyl: [x] }]\n');
    world.write('b.yml', 'ihandlers:\n  - name: "b\n');
    world.write('d.yaml', 'sensor: 7\nihandlers:\n  - name: d\n  - name: e\n    as: /\n');
    world.write('list.yaml', '- name: a\n');
    world.write('e.yaml', 'log: { levels: [all] }\n');
    const reported = await problems(world);
    expect(reported).toMatch(
      /\/my\.yaml has 2 problems:\n {2}line 1, colour: .*\n {2}line 3, ihandlers\[0\]\.onyl:/,
    );
    expect(reported).toMatch(
      /\/b\.yml is not valid YAML:\n {2}line 3, column 1: a text that begins with " does not end/,
    );
    expect(reported).toMatch(/\/list\.yaml is not a configuration: expected a YAML mapping of settings/);
    expect(reported).toMatch(
      /\/d\.yaml has 2 problems:\n {2}line 1, sensor: .*found 7\n {2}line 5, ihandlers\[1\]\.as:/,
    );
    expect(reported).toMatch(/\/e\.yaml has 1 problem:\n {2}line 1, log\.levels: expected a text; found/);
  });
});

describe('environment variables', () => {
  const config = (text: string) => {
    const world = createFolder();
    world.write('my.yaml', `ihandlers:\n  - name: x\n    config:\n${text}`);
    return { world, options: async () => (await read(world)).ihandlers[0]?.config };
  };

  test('are replaced in strings, with defaults, and $$ is a dollar sign', async () => {
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
    expect(await options()).toEqual({
      key: 's3cret',
      url: 'https://u:s3cret@h/ab',
      list: ['', '$TOKEN', `\${TOKEN}`, '$TOKEN', 5],
      [`\${TOKEN}`]: 'a key stays',
    });
  });

  test('that are missing or malformed are reported with their line, and never run as code', async () => {
    const { world } = config(
      `      a: \${NONE}\n      b: [1, "\${A B}"]\n      c: "\${OPEN"\n      d: \${constructor}\n`,
    );
    const reported = await problems(world);
    expect(reported).toContain('/my.yaml has 4 problems:');
    expect(reported).toMatch(
      /line 4, ihandlers\[0\]\.config\.a: expected the environment variable NONE, or a default: \$\{NONE:-DEFAULT\}; found nothing/,
    );
    expect(reported).toMatch(/line 5, ihandlers\[0\]\.config\.b\[1\]: expected \$\{NAME\}.*found \$\{A B\}/);
    expect(reported).toMatch(/line 6, ihandlers\[0\]\.config\.c: .*found \$\{OPEN/);
    expect(reported).toMatch(/line 7, .*the environment variable constructor/);
  });

  test('are not shown in the problem of a setting', async () => {
    const world = createFolder();
    world.write('my.yaml', `ihandlers:\n  - name: x\n    as: "a/\${TOKEN}"\n    only: \${TOKEN}\n`);
    expect(await problems(world)).toContain(`found "a/\${TOKEN}"`);
    expect(await problems(world)).not.toContain('s3cret');
  });
});
