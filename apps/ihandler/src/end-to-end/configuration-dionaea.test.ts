import { describe, expect, test } from 'vitest';
import { installKeep, installLines, lines } from '../testing/fixture-packages.ts';
import { createWorld } from '../testing/world.ts';

// Names and keys as dionaea ships them, one ihandler a file; the values are invented.
const shipped: Readonly<Record<string, string>> = {
  cmdshell: '- name: cmdshell\n',
  fail2ban: '- name: fail2ban\n  config:\n    downloads: "var/downloads.f2b"\n    offers: "var/offers.f2b"\n',
  hpfeeds:
    '- name: hpfeeds\n  config:\n    server: hp.example\n    port: 10000\n    ident: me\n    secret: "$$$${x}"\n',
  keep_it: '- name: keep_it\n  config:\n    file: numbers.json\n',
  log_incident: '- name: log_incident\n  config:\n    handlers:\n      - file:///var/x.json\n',
  store: '- name: store\n',
  virustotal: '- name: virustotal\n  config:\n    apikey: ".........."\n    file: var/vtcache.sqlite\n',
};
const skipped = Object.keys(shipped).filter((name) => name !== 'keep_it');

function worldWith(extension: string, content: (name: string) => string) {
  const world = createWorld();
  world.link('dionaea');
  installLines(world);
  installKeep(world);
  world.write('a.txt', lines(1, 2));
  for (const name of Object.keys(shipped))
    world.write(`ihandlers-enabled/${name}.${extension}`, content(name));
  return world;
}

const toml: Readonly<Record<string, string>> = {
  keep_it: 'name = "keep_it"\n\n[config]\nfile = "numbers.json"\n',
  virustotal: 'name = "virustotal"\n\n[config]\napikey = "........."\n',
};

describe("dionaea's ihandlers-enabled", () => {
  test.each([
    ['yaml', (name: string) => shipped[name] ?? ''],
    ['toml', (name: string) => toml[name] ?? `name = "${name}"\n`],
  ])(
    'in %s is read as it is; ihandlers that are not installed are logged and skipped',
    async (extension, content) => {
      const world = worldWith(extension, content);
      world.write('my.yaml', `include: ["ihandlers-enabled/*.${extension}"]\n`);
      const { code, stderr } = await world.run(['import', '-c', 'my.yaml', 'a.txt']);
      expect(stderr.trim().split('\n')).toEqual(
        skipped.map(
          (name) =>
            `warning: ${world.folder}/ihandlers-enabled/${name}.${extension}, line 1: skipped ${name}: not installed here`,
        ),
      );
      expect(code).toBe(0);
      expect(JSON.parse(world.read('ihandlers-enabled/numbers.json')).numbers).toEqual([1, 2]);
    },
  );

  test('can be given as the configuration', async () => {
    const world = worldWith('yaml', (name) => shipped[name] ?? '');
    const { code, stderr } = await world.run(['import', '-c', 'ihandlers-enabled/keep_it.yaml', 'a.txt']);
    expect([code, stderr]).toEqual([0, '']);
  });

  test('is rejected with file and line where an option is invalid', async () => {
    const world = worldWith('yaml', (name) => shipped[name] ?? '');
    world.write(
      'ihandlers-enabled/keep_it.yaml',
      '\n- name: keep_it\n  config:\n    fiel: x\n- config: {}\n',
    );
    const { code, stderr } = await world.run(['import', '-c', 'ihandlers-enabled/keep_it.yaml', 'a.txt']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/keep_it\.yaml has 3 problems:/);
    expect(stderr).toMatch(/line 4, \[0\]\.config\.fiel: there is no such option/);
    expect(stderr).toMatch(/line 5, \[1\]\.name: .*found nothing/);
  });
});

describe('a name', () => {
  test('that two packages have is rejected with both; the name of the package selects one', async () => {
    const world = worldWith('yaml', () => '[]\n');
    world.install(
      'ihandler-keep',
      {
        main: './main.js',
        ihandler: { contract: 1, handlers: { keep: { summary: 'Also', network: false, options: {} } } },
      },
      { 'main.js': `export default () => ({ contract: 1, name: 'keep', on: {} });` },
    );
    const run = async (name: string) => {
      world.write('my.yaml', `ihandlers:\n  - { name: ${name}, config: { file: n.json } }\n`);
      return world.run(['import', '-c', 'my.yaml', 'a.txt']);
    };
    const { code, stderr } = await run('keep');
    expect(code).toBe(2);
    expect(stderr).toMatch(/line 2, ihandlers\[0\]\.name: .*@acme\/ihandler-keep and ihandler-keep have/);
    expect((await run('ihandler-keep')).code).toBe(0);
    expect((await run('"@acme/ihandler-keep"')).code).toBe(0);
  });

  test.each([
    ['log_xmpp', 'npm install @ihandler/log-xmpp'],
    ['ihandler-thing', 'npm install ihandler-thing)'],
    ['"@acme/thing"', 'npm install @acme/thing)'],
  ])('%s that is not installed is rejected with the command that installs it', async (name, command) => {
    const world = worldWith('yaml', () => '[]\n');
    world.write('my.yaml', `ihandlers: [${name}]\n`);
    const { code, stderr } = await world.run(['import', '-c', 'my.yaml', 'a.txt']);
    expect(code).toBe(2);
    expect(stderr).toContain(command);
  });
});
