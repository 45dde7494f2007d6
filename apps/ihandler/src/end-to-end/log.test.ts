import { describe, expect, test } from 'vitest';
import {
  installEvents,
  installKeep,
  installLines,
  installPlain,
  lines,
} from '../testing/fixture-packages.ts';
import { createWorld } from '../testing/world.ts';

const chatty = (world: { folder: string }) => `
export default (options) => ({ contract: 1, name: 'chatty', on: { '*': (incident, { log }) => {
  log.debug('a debug'); log.info('an info'); log.info('a message'); log.warn('a warning');
  log.warn('with ' + options.apiKey, options);
  throw Object.assign(new Error('refused ' + options.apiKey + ' and ' + options.password), { permanent: true });
} } });
// ${world.folder}`;

describe('the options -l and -L', () => {
  async function said(argv: readonly string[], configured = '') {
    const world = createWorld();
    installEvents(world);
    installPlain(world, 'chatty', chatty(world));
    world.write('events', '{"origin":"acme.thing.seen"}\n');
    world.write('my.yaml', `${configured}ihandlers: [{ name: chatty, as: one }]\n`);
    const { stderr } = await world.run(['import', '-c', 'my.yaml', 'events', ...argv]);
    return stderr.split('\n').filter((line) => !line.includes('with undefined'));
  }

  test('select levels and domains, and override the configuration', async () => {
    const log = 'log: { levels: "all,-info", domains: "one" }\n';
    const debug = 'debug: one: a debug';
    const info = 'info: one: an info';
    expect(await said([])).toContain('warning: one: a warning');
    expect(await said([])).not.toContain('info: one: a message');
    expect(await said(['-l', 'all,-debug'])).toContain(info);
    expect(await said(['-l', 'all,-debug'])).not.toContain(debug);
    expect(await said(['--log-levels', 'all', '-L', 'events'])).toEqual(['info: events: reading', '']);
    expect(await said([], log)).toContain(debug);
    expect(await said([], log)).not.toContain(info);
    expect(await said(['-l', 'info'], log)).toContain(info);
    expect(await said(['-l', 'info'], log)).not.toContain(debug);
    expect(await said(['-l', 'info', '-L', '*'], log)).toContain('info: events: reading');
  });

  test('report an invalid value on the command line and in the configuration', async () => {
    expect((await said(['-l', 'all,-debgu'])).join('\n')).toMatch(/--log-levels: .*known: error.*"-debgu"/);
    expect((await said(['-L', 'a,,b'])).join('\n')).toMatch(/--log-domains: .*globs/);
    const problem = /my\.yaml has 1 problem:\n {2}line 1, log\.levels: .*found "loud"/;
    expect((await said([], 'log: { levels: loud }\n')).join('\n')).toMatch(problem);
  });
});

test('the program hides secrets in the log, failures, dead letters, results and problems', async () => {
  const world = createWorld();
  installLines(world);
  installKeep(world);
  installPlain(world, 'chatty', chatty(world));
  world.write('a.txt', lines(1));
  world.write(
    'my.yaml',
    `ihandlers:\n  - name: chatty\n    config: { apiKey: "\${KEY}", password: swordfish, nested: { token: tttoken } }\n`,
  );
  const env = { XDG_STATE_HOME: `${world.folder}/state`, IHANDLER_SENSOR: 's', KEY: 'deadbeef' };
  const outputs: string[] = [];
  for (const argv of [
    ['import', '-c', 'my.yaml', 'a.txt', '-l', 'all'],
    ['import', '-c', 'my.yaml', 'a.txt', '--json', '--debug'],
    ['import', 'a.txt', '--with', 'chatty:apiKey=deadbeef,password=swordfish', '-l', 'all'],
    ['import', 'a.txt', '--with', 'chattty:apiKey=deadbeef,password=swordfish'],
    ['import', 'a.txt', '--with', 'keep:password=swordfish,apiKey=deadbeef'],
  ]) {
    const { stdout, stderr } = await world.run(argv, { env });
    outputs.push(stdout, stderr);
  }
  const kept = world.list('state/ihandler').filter((name) => name.startsWith('dead-letters'));
  expect(kept).toHaveLength(3);
  outputs.push(...kept.map((name) => world.read(`state/ihandler/${name}`)));
  expect(outputs.join('\n')).toContain('[hidden]');
  expect(outputs.join('\n')).not.toMatch(/deadbeef|swordfish|tttoken/);
});
