import { describe, expect, test } from 'vitest';
import {
  installEvents,
  installKeep,
  installLines,
  installPlain,
  lines,
} from '../../testing/fixture-packages.ts';
import { createWorld } from '../../testing/world.ts';
import { createSecrets } from '../configuration/secrets.ts';
import { createHostLog } from './host-log.ts';

function logged(filter: Parameters<ReturnType<typeof createHostLog>['choose']>[0]) {
  const told: string[] = [];
  const secrets = createSecrets();
  const hostLog = createHostLog({ warn: (line) => told.push(line) }, secrets);
  hostLog.choose(filter);
  return { told, log: hostLog.log, secrets };
}

describe("the program's own log", () => {
  test.each([
    [{}, ['error: e', 'warning: w', 'warning: keep: kw']],
    [{ levels: 'all' }, ['error: e', 'warning: w', 'info: i', 'debug: d', 'warning: keep: kw']],
    [{ levels: 'all, -debug,-info' }, ['error: e', 'warning: w', 'warning: keep: kw']],
    [{ domains: 'keep' }, ['warning: keep: kw']],
    [{ domains: 'ihandler', levels: 'error' }, ['error: e']],
    [{ domains: 'k??p,other' }, ['warning: keep: kw']],
  ])('filtered by %j shows %j', (filter, expected) => {
    const { told, log } = logged(filter);
    const own = log();
    own.error('e');
    own.error('c');
    own.warn('w');
    own.info('m');
    own.info('i');
    own.debug('d');
    log('keep').warn('kw');
    expect(told).toEqual(expected);
  });

  test('shows a line as one line, and no value of a detail with the name of a secret', () => {
    const { told, log } = logged({});
    log('vt').error('no\nanswer\u001b[2J', {
      url: 'https://vt.example',
      apiKey: 'deadbeef',
      options: { password: 'hunter22', list: [{ token: 7 }], n: 1n },
    });
    expect(told).toEqual([
      'error: vt: no\\nanswer\\x1b[2J url=https://vt.example apiKey=[hidden] options={"password":"[hidden]","list":[{"token":"[hidden]"}],"n":"1"}',
    ]);
  });

  test('shows no secret that is known, wherever it stands and however it is spelled, also where the line is cut', () => {
    const { told, log, secrets } = logged({});
    secrets.learn({ a: [{ apiKey: 'dead&"beef' }], url: 'nats://me:s3cr3t@host/', level: 'info' });
    log('vt').error('asked https://x/?k=dead%26%22beef', { body: '{"k":"dead\\"..."}', all: ['dead&"beef'] });
    log('vt').error(new Error('cannot reach nats://me:s3cr3t@host/').message);
    log('vt').error(`${'x'.repeat(3980)} s3cr3t`);
    log('vt').error('level info');
    expect(told.join('\n')).not.toMatch(/beef|s3c/);
    expect(told.at(-1)).toBe('error: vt: level info');
  });
});

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

  test('choose levels and domains, and win over the configuration', async () => {
    const log = 'log: { levels: "all,-info", domains: "one" }\n';
    const debug = 'debug: one: a debug';
    const info = 'info: one: an info';
    expect(await said([])).toContain('warning: one: a warning');
    expect(await said([])).not.toContain('message: one: a message');
    expect(await said(['-l', 'all,-debug'])).toContain(info);
    expect(await said(['-l', 'all,-debug'])).not.toContain(debug);
    expect(await said(['--log-levels', 'all', '-L', 'events'])).toEqual(['info: events: reading', '']);
    expect(await said([], log)).toContain(debug);
    expect(await said([], log)).not.toContain(info);
    expect(await said(['-l', 'info'], log)).toContain(info);
    expect(await said(['-l', 'info'], log)).not.toContain(debug);
    expect(await said(['-l', 'info', '-L', '*'], log)).toContain('info: events: reading');
  });

  test('that do not fit are told, on the command line and in the configuration', async () => {
    expect((await said(['-l', 'all,-debgu'])).join('\n')).toMatch(/--log-levels: .*known: error.*"-debgu"/);
    expect((await said(['-L', 'a,,b'])).join('\n')).toMatch(/--log-domains: .*globs/);
    const problem = /my\.yaml has one problem:\n {2}line 1, log\.levels: .*found "loud"/;
    expect((await said([], 'log: { levels: loud }\n')).join('\n')).toMatch(problem);
  });
});

test('secrets appear in no output: not in the log, not in failures, dead letters, results or problems', async () => {
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
