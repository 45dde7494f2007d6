import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createIncident, decodeIncident, encodeIncident, type Incident } from '@ihandler/core';
import { recording } from '@ihandler/test-support/recordings';
import { describe, expect, test } from 'vitest';
import { installKeep, installLines, installPlain, lines } from '../testing/fixture-packages.ts';
import { createWorld } from '../testing/world.ts';

const notify = `
/** @type {import('@ihandler/core').ListeningHandler} */
export default {
  name: 'notify',
  on: {
    'dionaea.download.offer': ({ data }, { log }) => log.info('offered', { url: data.url }),
    'dionaea.download.complete.hash': ({ data }) => { throw new Error('no room for ' + data.md5hash); },
    '*.hash': () => {},
  },
};
`;

describe('try', () => {
  test('runs a local file without imports on the shipped attack, step by step', async () => {
    const world = createWorld();
    world.write('notify.js', notify);
    for (const name of ['./notify.js', 'notify.js']) {
      const { code, stdout, stderr } = await world.run(['try', name]);
      expect(stderr).toBe('');
      expect(stdout).toContain(
        'dionaea.download.offer url="fxp://1:1@10.65.34.231:8218/ssms.exe" connection=(remoteshell with 10.65.34.231:2135)\n' +
          '    logs info: notify: offered url=fxp://1:1@10.65.34.231:8218/ssms.exe\n',
      );
      const failure =
        / {4}fails: no room for 1d419d615dbe5a238bbaa569b3829a23 \(at \S*\/notify\.js:\d+:\d+\) \(retried a few times, then moved to dead letters\)\n/g;
      expect(stdout.match(failure)).toHaveLength(3);
      expect(stdout).not.toContain('stack of');
      expect(stdout).toMatch(/\nnotify: 1 delivered, 26 filtered, 1 moved to dead letters\n$/);
      expect(code).toBe(3);
    }
  });

  test('shows batches, reports and start failures, and removes its data folder', async () => {
    const world = createWorld();
    const schema = `{ '~standard': { version: 1, vendor: 'x', validate: (value) => ({ value }) } }`;
    world.write(
      'writer.mjs',
      `export default ({ word }) => ({
        name: 'writer', accepts: ['dionaea.download.*'], reports: { 'acme.word.said': ${schema} },
        start({ dataDir }) { globalThis.tried = dataDir; },
        async write(batch, _checkpoint, { report }) { await report('acme.word.said', { word, blob: new Uint8Array(3) }, { cause: batch[0] }); },
      });`,
    );
    const { code, stdout } = await world.run(['try', './writer.mjs:word=h\u001b[2Ji']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^writes 4 incidents:\n {2}dionaea\.download\.offer/);
    expect(stdout).toContain('\n    reports acme.word.said word="h\\u001b[2Ji" blob=(3 bytes)\n');
    expect(stdout).toMatch(/\nwriter: 4 delivered, 24 filtered\n$/);
    const { tried } = globalThis as { tried?: string };
    expect(() => readFileSync(join(tried ?? '', 'x'))).toThrow(/ENOENT/);
    world.write(
      'late.mjs',
      `export default { name: 'late', on: {}, start() { throw new Error('no server'); } };`,
    );
    const late = await world.run(['try', './late.mjs'], { patience: { stall: 200 } });
    expect(late.stdout).toContain('failed to start: no server');
    expect(late.code).toBe(4);
  });

  test('reads a recording with an installed source', async () => {
    const world = createWorld();
    installLines(world);
    installKeep(world);
    world.write('a.txt', lines(1, 2, 3));
    const { code, stdout } = await world.run(['try', 'keep:file=k.json', 'a.txt']);
    expect(code).toBe(0);
    expect(stdout).toContain('test.line.seen n=2\n');
    expect(stdout).toContain('keep: 3 delivered');
  });

  test('runs an installed package, and the folder of one', async () => {
    const world = createWorld();
    installPlain(
      world,
      'mine',
      `export default () => ({ contract: 1, name: 'mine', on: { '*.offer'() {} } });`,
    );
    for (const argv of [['mine'], ['./node_modules/ihandler-mine'], ['ihandler-mine']])
      expect((await world.run(['try', ...argv])).stdout).toContain('mine: 1 delivered');
    const here = { cwd: join(world.folder, 'node_modules/ihandler-mine') };
    expect((await world.run(['try', '.'], here)).stdout).toContain('mine: 1 delivered');
    const { code, stderr } = await world.run(['try', './node_modules']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('expected a file, or a package with the keyword'),
    ]);
  });

  test.each([
    ['', 'Expected a handler to try'],
    ['export default { on: {} };', 'expected a handler with a name'],
    ['export default { name: "x" };', 'expected "on", or "accepts" with "write"'],
    ['export default { name: "x", contract: 2, on: {} };', 'found contract 2'],
    ['export const on = 1;', 'expected a handler; found nothing'],
    ['export default { name: "x", on: { "a?": () => {} } };', 'found "?" in "a?"'],
  ])('rejects %j with the problem', async (code, problem) => {
    const world = createWorld();
    world.write('x.mjs', code);
    const { code: exit, stderr } = await world.run(code === '' ? ['try'] : ['try', './x.mjs']);
    expect(exit).toBe(2);
    expect(stderr).toContain(problem);
  });
});

test('the shipped attack equals the last lines of the recording of the manual', async () => {
  const world = createWorld();
  const root = new URL('../../../../', import.meta.url);
  const link = join(world.folder, 'node_modules/@ihandler/dionaea');
  mkdirSync(join(world.folder, 'node_modules/@ihandler'), { recursive: true });
  symlinkSync(fileURLToPath(new URL('packages/dionaea', root)), link);
  const seed = readFileSync(recording('seed-attack.ndjson'), 'utf8').trimEnd().split('\n');
  world.write('attack.ndjson', `${seed.slice(-27).join('\n')}\n`);
  world.write(
    'copy.mjs',
    `export const seen = [];
     export default { name: 'copy', accepts: ['*'], write(batch) { seen.push(...batch); } };`,
  );
  const { code } = await world.run(['import', 'attack.ndjson', '--with', './copy.mjs'], {
    conditions: ['@ihandler/source'],
    env: { XDG_STATE_HOME: world.folder, IHANDLER_SENSOR: 'manual' },
  });
  expect(code).toBe(0);
  const { seen } = await import(join(world.folder, 'copy.mjs'));
  const shipped = new URL('../../recordings/attack.ndjson', import.meta.url);
  const text = readFileSync(shipped, 'utf8');
  expect(text).toBe(seen.map((incident: Incident) => `${encodeIncident(incident)}\n`).join(''));
  for (const line of text.trimEnd().split('\n')) {
    const incident = decodeIncident(line);
    expect(createIncident({ ...incident, data: structuredClone(incident.data) }).misfit).toBeUndefined();
  }
});
