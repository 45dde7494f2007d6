import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { installKeep, installLines, installPlain, lines } from '../testing/fixture-packages.ts';
import { createWorld, recorder, type World } from '../testing/world.ts';

describe('init', () => {
  test('writes a valid configuration for the installed packages, which runs', async () => {
    const world = createWorld();
    installLines(world);
    installKeep(world);
    installPlain(world, 'chatty', `export default () => ({ contract: 1, name: 'chatty', on: {} });`, true);
    const made = await world.run(['init']);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toContain('ihandler check -c ihandler.yaml');
    expect(statSync(`${world.folder}/ihandler.yaml`).mode & 0o777).toBe(0o640);
    const text = world.read('ihandler.yaml');
    expect(text).toContain('\n  - name: keep\n    config:\n      file: numbers.json\n');
    expect(text).toContain('# Sends numbers to example.org');
    expect(text).toContain('\n  # - { name: chatty }\n');
    expect((await world.run(['check', '-c', 'ihandler.yaml'])).stdout).toContain('keep: sends nothing');
    world.write('a.txt', lines(1));
    expect((await world.run(['import', '-c', 'ihandler.yaml', 'a.txt'])).code).toBe(0);
    world.write('ihandler.yaml', text.replace('  # - { name: chatty', '  - { name: chatty'));
    expect((await world.run(['check', '-c', 'ihandler.yaml'])).stdout).toContain('chatty: sends numbers');
  });

  test('overwrites nothing', async () => {
    const world = createWorld();
    world.write('my.yaml', 'mine');
    const { code, stderr } = await world.run(['init', 'my.yaml']);
    expect([code, stderr]).toEqual([2, 'ihandler: my.yaml exists already: name a new file, or remove it.\n']);
    expect(world.read('my.yaml')).toBe('mine');
  });

  test('keeps text of a manifest inside comments', async () => {
    const world = createWorld();
    world.install('ihandler-evil', {
      main: './main.js',
      ihandler: {
        contract: 1,
        handlers: {
          'e: [\nvil': {
            summary: 'Nice\nsensor: stolen',
            network: false,
            options: {
              properties: {
                'a\nb': { description: 'x\u2028\nsensor: stolen', default: 'y\n"' },
                ok: { default: 'on' },
              },
            },
          },
        },
      },
    });
    expect((await world.run(['init'])).code).toBe(0);
    expect(world.read('ihandler.yaml')).not.toMatch(/^\s*sensor:/m);
    const { stderr } = await world.run(['check', '-c', 'ihandler.yaml']);
    expect(stderr).toMatch(/^ihandler: \S+ has 1 problem:\n.*the file \S+ does not exist/);
  });

  test('writes a valid configuration when nothing is installed', async () => {
    const world = createWorld();
    await world.run(['init', 'sub.yaml']);
    expect((await world.run(['check', '-c', 'sub.yaml'])).stdout).toContain('no handlers');
  });
});

/** dionaea's main file and enabled ihandlers, with the names and keys of the real ones. */
function installDionaea(world: World, main: string, enabled: Readonly<Record<string, string>>): void {
  world.write('opt/etc/dionaea/dionaea.cfg', main);
  for (const [name, text] of Object.entries(enabled))
    world.write(`opt/etc/dionaea/ihandlers-enabled/${name}.yaml`, text);
}

const main = `[dionaea]
download.dir=var/lib/dionaea/binaries/
modules=curl,python

[module.python]
imports=dionaea.log,dionaea.services,dionaea.ihandlers
ihandler_configs=etc/dionaea/ihandlers-enabled/*.yaml
`;

describe('init with every package of this repository', () => {
  const packages = ['dionaea', 'forward', 'hpfeeds', 'http', 'journal-sqlite', 'log-postgres', 'log-sqlite'];
  const everything = [...packages, 'log-text', 'nats', 'store', 'virustotal', 'xmpp'];
  const local = ['dionaea-http', 'dionaea-follow', 'dionaea-database', 'http'];

  async function initialized() {
    const world = createWorld();
    world.link(...everything);
    expect((await world.run(['init'])).code).toBe(0);
    return { world, text: world.read('ihandler.yaml') };
  }

  test('writes at most 60 lines, none of which wraps out of its comment', async () => {
    const { text } = await initialized();
    const written = text.trimEnd().split('\n');
    expect(written.length).toBeLessThanOrEqual(60);
    expect(written.filter((line) => line.length > 120)).toEqual([]);
    expect(written.filter((line) => line.endsWith('…'))).toEqual([]);
    expect(() => parse(text)).not.toThrow();
    expect(Object.keys(parse(text))).toEqual(['ihandlers']);
    // With every comment sign removed, entries are still entries and comments are still comments.
    const sources = text.slice(text.indexOf('# sources:'), text.indexOf('\n\n# The journal'));
    const uncommented = parse(sources.replace(/^# /gm, ''));
    expect(uncommented.sources.map(({ name }: { name: string }) => name)).toEqual([
      'dionaea-http',
      'dionaea-follow',
      'dionaea-database',
      'hpfeeds',
      'http',
      'nats',
      'xmpp',
    ]);
  });

  test.each(local)('writes a configuration that runs when the source %s is chosen', async (name) => {
    const { world, text } = await initialized();
    const chosen = text
      .replace('# sources:', 'data: data\nhealth: off\nsources:')
      .replace(`#   - { name: ${name},`, `  - { name: ${name},`)
      .replace('port: 8080', 'port: 0');
    expect(chosen).toContain(`\n  - { name: ${name},`);
    world.write('ihandler.yaml', chosen);
    const stop = new AbortController();
    const stderr = recorder();
    const running = world.run(['run', '-c', 'ihandler.yaml'], { signal: stop.signal, stderr });
    await expect.poll(() => stderr.text(), { timeout: 30_000 }).toContain('started: ');
    stop.abort();
    expect(await running).toMatchObject({ code: 0 });
    expect(stderr.text()).toContain(`sources: ${name}`);
  });

  test('list --options shows every option of a handler and a source of one name, from the manifest', async () => {
    const { world } = await initialized();
    const { code, stdout } = await world.run(['list', '--options', 'log_sqlite']);
    expect(code).toBe(0);
    expect(stdout).toContain('handler log-sqlite: Stores attacks');
    expect(stdout).toContain('\n  file (string; required; such as "dionaea.sqlite")\n      Database file.');
    expect(stdout).toContain('\n  journalMode (one of wal, delete; default "wal")\n');
    const both = (await world.run(['list', '--options', 'nats'])).stdout;
    expect(both).toMatch(/^handler nats: [\s\S]*\n\nsource nats: /);
    const missing = await world.run(['list', '--options', 'nothing']);
    expect(missing).toMatchObject({ code: 2, stdout: '' });
    expect(missing.stderr).toContain('No handler, source or journal "nothing" is installed here.');
  });
});

describe('init --dionaea', () => {
  function worldWithDionaea(): World {
    const world = createWorld();
    world.link('dionaea');
    return world;
  }

  async function advice(world: World, folder: string): Promise<string> {
    const { code, stdout, stderr } = await world.run(['init', '--dionaea', folder]);
    expect([code, stderr]).toEqual([0, '']);
    return stdout.replaceAll(world.folder, '');
  }

  test.each(['opt', 'opt/etc/dionaea', 'opt/etc'])(
    'given %s prints what to enable, with an absolute path',
    async (folder) => {
      const world = worldWithDionaea();
      if (folder === 'opt/etc')
        world.write('opt/etc/dionaea.cfg', main.replace('etc/dionaea/', 'etc/dionaea/'));
      installDionaea(world, main, { store: '- name: store\n' });
      expect(await advice(world, folder)).toContain(`
- name: log_incident
  config:
    handlers:
      - "file:///opt/var/lib/dionaea/dionaea_incident.json"
`);
      expect(world.list('opt/etc/dionaea/ihandlers-enabled')).toEqual(['store.yaml']);
    },
  );

  test('names the wrong path that a relative URL leads to', async () => {
    const world = worldWithDionaea();
    const relative =
      '- name: log_incident\n  config:\n    handlers:\n      - file://var/lib/dionaea/x.json\n';
    installDionaea(world, main, { log_incident: relative });
    const explained = await advice(world, 'opt');
    expect(explained).toContain('writes that to /lib/dionaea/x.json, not to /opt/var/lib/dionaea/x.json.');
    expect(explained).toContain('save this as /opt/etc/dionaea/ihandlers-enabled/log_incident.yaml');
    expect(explained).toContain('- "file:///opt/var/lib/dionaea/x.json"');
  });

  test('reports a correct log_incident, and which ihandlers can run here', async () => {
    const world = worldWithDionaea();
    installKeep(world);
    installDionaea(world, main, {
      log_incident: '- name: log_incident\n  config:\n    handlers: [http://x/, "file:///srv/x.json"]\n',
      keep: '- name: keep_it\n  config:\n    file: x\n- name: virustotal\n- name: p0f\n',
      torn: 'a: [',
    });
    const explained = await advice(world, 'opt');
    expect(explained).toContain('It already writes its incidents to /srv/x.json.');
    expect(explained).toContain(
      'ihandlers:\n  - name: keep\n    config: {"file":"x"}\n\nNot installed here: virustotal, p0f.\n',
    );
    expect(explained).toMatch(/Skipped: \S+torn\.yaml is not valid YAML:\n {2}line 1, column 5/);
  });

  test('reads the TOML of the fork', async () => {
    const world = worldWithDionaea();
    world.write(
      'fork/conf/dionaea.toml',
      '[modules.python]\nihandler_configs = ["conf/ihandlers/s*.toml"]\n',
    );
    world.write('fork/conf/ihandlers/store.toml', 'name = "store"\n');
    world.write('fork/conf/ihandlers/other.toml', 'name = "other"\n');
    const explained = await advice(world, 'fork');
    expect(explained).toContain('save this as /fork/conf/ihandlers/log_incident.toml');
    expect(explained).toContain(
      'name = "log_incident"\n\n[config]\nhandlers = ["file:///fork/var/lib/dionaea/dionaea_incident.json"]\n',
    );
    expect(explained).toContain('Not installed here: store.');
  });

  test('rejects a folder without a dionaea', async () => {
    const { code, stderr } = await worldWithDionaea().run(['init', '--dionaea', '.']);
    expect(code).toBe(2);
    expect(stderr).toContain('dionaea.cfg or dionaea.toml');
  });
});
