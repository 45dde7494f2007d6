import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { installKeep, installLines, installPlain, lines } from '../testing/fixture-packages.ts';
import { createWorld, type World } from '../testing/world.ts';

describe('init', () => {
  test('writes a configuration for what is installed, which is in order and runs', async () => {
    const world = createWorld();
    installLines(world);
    installKeep(world);
    installPlain(world, 'chatty', `export default () => ({ contract: 1, name: 'chatty', on: {} });`, true);
    const made = await world.run(['init']);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toContain('ihandler check -c ihandler.yaml');
    expect(statSync(`${world.folder}/ihandler.yaml`).mode & 0o777).toBe(0o640);
    const text = world.read('ihandler.yaml');
    expect(text).toContain('\n  - name: keep\n    config:\n      file: numbers.json\n      # size: …\n');
    expect(text).toContain('sends numbers to example.org');
    expect(text).toContain('\n  # - name: chatty\n');
    expect((await world.run(['check', '-c', 'ihandler.yaml'])).stdout).toContain('keep: nothing leaves');
    world.write('a.txt', lines(1));
    expect((await world.run(['import', '-c', 'ihandler.yaml', 'a.txt'])).code).toBe(0);
    world.write('ihandler.yaml', text.replace('  # - name: chatty', '  - name: chatty'));
    expect((await world.run(['check', '-c', 'ihandler.yaml'])).stdout).toContain('chatty: sends numbers');
  });

  test('overwrites nothing', async () => {
    const world = createWorld();
    world.write('my.yaml', 'mine');
    const { code, stderr } = await world.run(['init', 'my.yaml']);
    expect([code, stderr]).toEqual([2, 'ihandler: my.yaml exists already: name a new file, or remove it.\n']);
    expect(world.read('my.yaml')).toBe('mine');
  });

  test('keeps what a manifest says inside of comments', async () => {
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
    expect(stderr).toMatch(/^ihandler: \S+ has one problem:\n.*there is no file/);
  });

  test('with nothing installed is in order too', async () => {
    const world = createWorld();
    await world.run(['init', 'sub.yaml']);
    expect((await world.run(['check', '-c', 'sub.yaml'])).stdout).toContain('no ihandler would run');
  });
});

/** dionaea's main file and what it enables, with the names and keys of the real one. */
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

describe('init --dionaea', () => {
  async function advice(world: World, folder: string): Promise<string> {
    const { code, stdout, stderr } = await world.run(['init', '--dionaea', folder]);
    expect([code, stderr]).toEqual([0, '']);
    return stdout.replaceAll(world.folder, '');
  }

  test.each(['opt', 'opt/etc/dionaea', 'opt/etc'])(
    'given %s prints what to enable, with an absolute path',
    async (folder) => {
      const world = createWorld();
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

  test('names the wrong path that a relative one is written to', async () => {
    const world = createWorld();
    const relative =
      '- name: log_incident\n  config:\n    handlers:\n      - file://var/lib/dionaea/x.json\n';
    installDionaea(world, main, { log_incident: relative });
    const told = await advice(world, 'opt');
    expect(told).toContain('writes that to /lib/dionaea/x.json, not to /opt/var/lib/dionaea/x.json.');
    expect(told).toContain('let this be /opt/etc/dionaea/ihandlers-enabled/log_incident.yaml');
    expect(told).toContain('- "file:///opt/var/lib/dionaea/x.json"');
  });

  test('says when incidents are written already, and which ihandlers can run here', async () => {
    const world = createWorld();
    installKeep(world);
    installDionaea(world, main, {
      log_incident: '- name: log_incident\n  config:\n    handlers: [http://x/, "file:///srv/x.json"]\n',
      keep: '- name: keep_it\n  config:\n    file: x\n- name: virustotal\n- name: p0f\n',
      torn: 'a: [',
    });
    const told = await advice(world, 'opt');
    expect(told).toContain('It writes its incidents already, to /srv/x.json.');
    expect(told).toContain('  keep_it: keep of @acme/ihandler-keep\nNot installed here: virustotal, p0f.\n');
    expect(told).toContain('include: ["/opt/etc/dionaea/ihandlers-enabled/*.yaml"]');
    expect(told).toMatch(/Passed over: \S+torn\.yaml is not YAML:\n {2}line 1, column 5/);
  });

  test('reads the TOML of the fork', async () => {
    const world = createWorld();
    world.write(
      'fork/conf/dionaea.toml',
      '[modules.python]\nihandler_configs = ["conf/ihandlers/s*.toml"]\n',
    );
    world.write('fork/conf/ihandlers/store.toml', 'name = "store"\n');
    world.write('fork/conf/ihandlers/other.toml', 'name = "other"\n');
    const told = await advice(world, 'fork');
    expect(told).toContain('let this be /fork/conf/ihandlers/log_incident.toml');
    expect(told).toContain(
      'name = "log_incident"\n\n[config]\nhandlers = ["file:///fork/var/lib/dionaea/dionaea_incident.json"]\n',
    );
    expect(told).toContain('Not installed here: store.');
  });

  test('of a folder without one says what it looked for', async () => {
    const { code, stderr } = await createWorld().run(['init', '--dionaea', '.']);
    expect(code).toBe(2);
    expect(stderr).toContain('dionaea.cfg or dionaea.toml');
  });
});
