import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installKeep, installPlain } from '../testing/fixture-packages.ts';
import { installTail } from '../testing/live-packages.ts';
import { until } from '../testing/running-world.ts';
import { createWorld, recorder, type World } from '../testing/world.ts';

const base = 'data: data\nhealth: off\nsources:\n  - { name: tail, config: { file: numbers } }\n';
const keep = '  - { name: keep, config: { file: kept.json } }\n';

function worldWith(yaml: string): World {
  const world = createWorld();
  world.link('journal-sqlite', 'dionaea');
  installTail(world);
  installKeep(world);
  world.write('numbers', '');
  world.write('my.yaml', yaml);
  return world;
}

/** The warnings of `check`, one a line; it succeeds. */
async function warnings(world: World): Promise<readonly string[]> {
  const { code, stdout, stderr } = await world.run(['check', '-c', 'my.yaml']);
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.replaceAll(`${world.folder}/`, '').split('\n');
  return lines.filter((line) => /^ *warning: /.test(line)).map((line) => line.trim());
}

describe('check', { timeout: 60_000 }, () => {
  test('warns about nothing in an ordinary configuration', async () => {
    const world = worldWith(`${base}ihandlers:\n${keep}`);
    expect(await warnings(world)).toEqual([]);
  });

  test('warns about globs that match no known origin, with a suggestion, and about those of local handlers', async () => {
    const world = worldWith(
      `${base}ihandlers:
  - { name: keep, config: { file: kept.json }, only: [dionaea.conection.tcp.accept, "dionaea.*"], except: ["*"] }
  - ./own.js
`,
    );
    world.write(
      'own.js',
      `export default { name: 'own', on: { 'dionaea.download.ofer': () => {}, '*': () => {} } };`,
    );
    const found = await warnings(world);
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(
      /only\[0\]: matches no known origin: dionaea\.conection\.tcp\.accept \(did you mean dionaea\.connection\.tcp\.accept\?\)/,
    );
    expect(found[1]).toMatch(/line 7, .*dionaea\.download\.ofer \(did you mean dionaea\.download\.offer\?\)/);
  });

  test('says that everyone can read health and metrics on an address outside loopback', async () => {
    for (const [host, where] of [
      ['0.0.0.0', '0.0.0.0'],
      ['"::"', '[::]'],
    ] as const) {
      const health = base.replace('health: off', `health: { host: ${host}, port: 0 }`);
      const found = await warnings(worldWith(`${health}ihandlers:\n${keep}`));
      expect(found).toEqual([expect.stringContaining(`can be read by everyone who reaches ${where}:0`)]);
    }
  });

  test('warns about unknown protocols, with a suggestion', async () => {
    const world = worldWith(
      `${base}ihandlers:\n${keep.replace(' }\n', ', protocols: [smdb, -httpd, SipSession] }\n')}`,
    );
    expect(await warnings(world)).toEqual([
      expect.stringMatching(
        /protocols\[0\]: no installed sensor has the protocol smdb \(did you mean smbd\?\)/,
      ),
    ]);
  });

  test('suggests the nearest name for unknown settings and options', async () => {
    const world = worldWith(
      `${base}jurnal: sqlite\nihandlers:\n  - { name: keep, onyl: [a], config: { file: x.json, siez: 1 } }\n`,
    );
    const { code, stderr } = await world.run(['check', '-c', 'my.yaml']);
    expect(code).toBe(2);
    expect(stderr).toContain('jurnal: unknown setting (did you mean journal?)');
    expect(stderr).toContain('onyl: unknown setting (did you mean only?)');
    world.write('my.yaml', `${base}ihandlers:\n  - { name: keep, config: { file: x.json, siez: 1 } }\n`);
    const options = await world.run(['check', '-c', 'my.yaml']);
    expect(options.stderr).toContain('siez: there is no such option (did you mean size?)');
  });

  test('suggests names for unknown settings inside objects, lists and alternatives, all at once', async () => {
    const world = worldWith(
      `${base.replace('health: off', 'health: { prot: 9 }')}jurnal: sqlite
journal: { name: sqlite, config: { minFere: 1GiB } }
ihandlers:
  - { name: keep, onyl: [a], config: { file: x.json, siez: 1 } }
  - { name: log-text, config: { file: a.log, rotate: { maxSiz: 1MB } } }
  - { name: log-text, as: more, config: { logs: { a: { file: b.log, fromat: json } } } }
  - { name: xmpp, config: { url: "xmpps://x.example", username: a@x.example, password: b, rooms: [{ room: h@x.example, onyl: [] }] } }
`,
    );
    world.link('log-text', 'xmpp');
    const { code, stderr } = await world.run(['check', '-c', 'my.yaml']);
    expect(code).toBe(2);
    const found = stderr.split('\n').flatMap((line) => /^ {2}line \d+, (.*)$/.exec(line)?.[1] ?? []);
    expect(found.toSorted()).toEqual(
      [
        'jurnal: unknown setting (did you mean journal?)',
        'health.prot: unknown setting (did you mean port?)',
        'journal.config.minFere: unknown option (did you mean minFree?)',
        'ihandlers[0].onyl: unknown setting (did you mean only?)',
        'ihandlers[0].config.siez: there is no such option (did you mean size?)',
        'ihandlers[1].config.rotate.maxSiz: unknown option (did you mean maxSize?)',
        'ihandlers[2].config.logs.a.fromat: unknown option (did you mean format?)',
        'ihandlers[3].config.rooms[0].onyl: unknown option (did you mean only?)',
      ].toSorted(),
    );
  });

  test('warns about entries and configurations that write one file through symbolic links, before it exists', async () => {
    const world = worldWith('');
    world.link('log-text');
    mkdirSync(join(world.folder, 'real'));
    symlinkSync('real', join(world.folder, 'link'));
    symlinkSync('real/kept', join(world.folder, 'to-kept'));
    const entries = (file: string) => `ihandlers:\n  - { name: keep, config: { file: ${file} } }\n`;
    world.write(
      'my.yaml',
      `${base}${entries('to-kept')}  - { name: log-text, config: { logs: { a: { file: real/x.log }, b: { file: link/x.log } } } }\n`,
    );
    world.write('other.yaml', `${base.replace('data: data', 'data: other')}${entries('link/kept')}`);
    expect(await warnings(world)).toEqual([
      expect.stringMatching(/log-text writes link\/x\.log, which its option logs\.a\.file writes, too/),
      expect.stringMatching(/to-kept is written by other\.yaml, too: only one program may write it/),
    ]);
    const { stdout } = await world.run(['doctor', '-c', 'my.yaml', '--json']);
    expect(JSON.parse(stdout).findings).toContainEqual(
      expect.objectContaining({
        severity: 'error',
        about: 'log-text',
        found: expect.stringMatching(/link\/x\.log, which another of its options writes, too/),
      }),
    );
  });

  test('warns about placeholders, without showing secrets', async () => {
    const world = worldWith(
      `${base.replace('data: data', 'data: data\nsensor: CHANGEME')}ihandlers:
  - { name: act, config: { apiKey: "<your key>", url: "https://hub.example/" } }
`,
    );
    const schema = { options: { properties: { apiKey: { type: 'string' }, url: { type: 'string' } } } };
    installPlain(world, 'act', `export default () => ({ contract: 1, name: 'act', on: {} });`, false, schema);
    const found = await warnings(world);
    expect(found).toEqual([
      expect.stringMatching(/sensor: expected a value of your own; found "CHANGEME"/),
      expect.stringMatching(/config\.apiKey: expected a value of your own; found a placeholder/),
    ]);
    world.write('my.yaml', base.replace('data: data', `data: data\nsensor: "$${'{UNSET}'}"`));
    expect((await world.run(['check', '-c', 'my.yaml'])).stderr).toContain('the environment variable UNSET');
  });

  test('warns about less free space than minFree', async () => {
    const world = worldWith(
      `${base}journal: { name: sqlite, config: { minFree: 900TiB } }\nihandlers:\n${keep}`,
    );
    expect(await warnings(world)).toEqual([
      expect.stringMatching(
        /journal: .* of free disk space, less than minFree \(900 TiB\): the journal will accept no/,
      ),
    ]);
  });

  test('warns about two entries, and two configurations, that write one file', async () => {
    const world = worldWith(
      `${base}ihandlers:\n${keep}  - { name: keep, as: second, config: { file: ./kept.json } }\n`,
    );
    expect(await warnings(world)).toEqual([
      expect.stringMatching(/ihandlers\[1\]\.config\.file: second writes kept\.json, which keep writes, too/),
    ]);
    world.write('my.yaml', `${base}ihandlers:\n${keep}`);
    world.write('other.yaml', `${base.replace('data: data', 'data: other')}ihandlers:\n${keep}`);
    expect(await warnings(world)).toEqual([
      expect.stringMatching(/kept\.json is written by other\.yaml, too: only one program may write it/),
    ]);
  });

  test('warns about a new or renamed handler that acts and starts at the beginning of the journal', async () => {
    const world = worldWith(`${base}ihandlers:\n${keep}`);
    const stop = new AbortController();
    const stderr = recorder();
    const ended = world.run(['run', '-c', 'my.yaml'], { signal: stop.signal, stderr, exit: () => undefined });
    world.write('numbers', '1\n2\n');
    await until(
      () => existsSync(join(world.folder, 'kept.json')) && JSON.parse(world.read('kept.json')).numbers.length,
      (length) => length === 2,
    );
    stop.abort();
    await ended;
    world.write('act.js', `export default { name: 'act', on: { '*': () => {} } };`);
    world.write('my.yaml', `${base}ihandlers:\n${keep}  - ./act.js\n`);
    expect(await warnings(world)).toEqual([]);
    world.write(
      'my.yaml',
      `${base}ihandlers:\n${keep}  - { name: ./act.js, as: renamed, from: beginning }\n`,
    );
    expect(await warnings(world)).toEqual([
      expect.stringMatching(
        /renamed is new to the journal and starts at its beginning: it gets 2 old incidents/,
      ),
    ]);
  });
});
