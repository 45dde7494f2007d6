import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createWorld, recorder, until, type World } from 'ihandler/testing';
import { describe, expect, onTestFinished, test } from 'vitest';

const content = 'MZ a sample';
const md5 = createHash('md5').update(content).digest('hex');
const sha256 = createHash('sha256').update(content).digest('hex');
const path = `var/lib/dionaea/binaries/${md5}`;

/** The lines of a capture, as a stock dionaea with a relative `download.dir` writes them. */
const lines = ['hash', 'unique']
  .map((kind, n) => ({
    timestamp: new Date(Date.now() + n).toISOString().slice(0, -1),
    name: 'dionaea',
    origin: `dionaea.download.complete.${kind}`,
    data: { file: path, md5hash: md5, url: 'http://198.51.100.7/x' },
  }))
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('');

/** A sensor below `pot`, with one sample. */
function stockWorld(source: string): World {
  const world = createWorld();
  world.link('journal-sqlite', 'dionaea', 'store');
  const binaries = join(world.folder, 'pot/var/lib/dionaea/binaries');
  mkdirSync(binaries, { recursive: true });
  writeFileSync(join(binaries, md5), content);
  configure(world, source);
  return world;
}

function configure(world: World, source: string, folder = 'pot/var/lib/dionaea/binaries'): void {
  const text = `data: data
health: off
sources: [${source}]
ihandlers: [{ name: store, config: { sampleFolders: ['${join(world.folder, folder)}'], folder: '${join(world.folder, 'kept')}' } }]
`;
  world.write('my.yaml', text.replaceAll('WORLD', world.folder));
}

/** Runs the world until `isDone`, and returns what it logged. */
async function runUntil(world: World, isDone: () => Promise<boolean>): Promise<string> {
  const stop = new AbortController();
  const stderr = recorder();
  const ended = world.run(['run', '-c', 'my.yaml'], { signal: stop.signal, stderr, exit: () => undefined });
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  await until(isDone, (is) => is);
  stop.abort();
  await ended;
  return stderr.text();
}

function stored(world: World): readonly string[] {
  try {
    return readdirSync(join(world.folder, 'kept'), { recursive: true })
      .map(String)
      .filter((name) => /[0-9a-f]{64}$/.test(name));
  } catch {
    return [];
  }
}

async function deadLetters(world: World): Promise<number> {
  const { stdout } = await world.run(['dead-letters', 'list', '-c', 'my.yaml', '--json']);
  return stdout.split('\n').filter(Boolean).length;
}

const keepsTheSample = async (world: World) => stored(world).some((name) => name.endsWith(sha256));

function writeDatabase(world: World): void {
  const db = new Database(join(world.folder, 'pot/var/lib/dionaea/dionaea.sqlite'));
  db.exec(`CREATE TABLE connections (connection INTEGER PRIMARY KEY, connection_type TEXT, connection_transport TEXT,
    connection_protocol TEXT, connection_timestamp INTEGER, connection_root INTEGER, connection_parent INTEGER,
    local_host TEXT, local_port INTEGER, remote_host TEXT, remote_hostname TEXT, remote_port INTEGER);
    CREATE TABLE downloads (download INTEGER PRIMARY KEY, connection INTEGER, download_url TEXT, download_md5_hash TEXT);
    INSERT INTO connections VALUES (1, 'accept', 'tcp', 'smbd', ${Date.now() / 1000}, 1, NULL, '192.0.2.1', 445, '198.51.100.7', '', 4000);
    INSERT INTO downloads VALUES (1, 1, 'http://198.51.100.7/x', '${md5}');`);
  db.close();
}

describe('the samples of a stock dionaea', { timeout: 60_000 }, () => {
  const follow = '{ name: dionaea-follow, config: { file: pot/var/lib/dionaea/incident.json } }';
  const database = '{ name: dionaea-database, config: { file: pot/var/lib/dionaea/dionaea.sqlite } }';

  test('are stored once from the file that is followed, without any setting', async () => {
    const world = stockWorld(follow);
    world.write('pot/var/lib/dionaea/incident.json', lines);
    await runUntil(world, () => keepsTheSample(world));
    expect(await deadLetters(world)).toBe(0);
  });

  test('are stored from the database that is followed, without any setting', async () => {
    const world = stockWorld(database);
    writeDatabase(world);
    await runUntil(world, () => keepsTheSample(world));
    expect(await deadLetters(world)).toBe(0);
  });

  test('are stored by an import that says that they are local', async () => {
    for (const file of ['incident.json', 'dionaea.sqlite']) {
      const world = stockWorld(follow);
      world.write('pot/var/lib/dionaea/incident.json', lines);
      writeDatabase(world);
      configure(world, '{ name: dionaea, config: { local: true } }');
      const { code, stderr } = await world.run(['import', `pot/var/lib/dionaea/${file}`, '-c', 'my.yaml']);
      expect([code, stderr]).toEqual([0, expect.any(String)]);
      expect(stored(world)).toEqual([expect.stringContaining(sha256)]);
    }
  });

  test('are stored after a retry when the root was not known', async () => {
    const world = stockWorld('{ name: dionaea-follow, config: { file: incident.json } }');
    world.write('incident.json', lines);
    const { stdout, stderr } = await world.run(['check', '-c', 'my.yaml']);
    expect(stdout + stderr).toMatch(/relative paths such as var\/lib\/dionaea\/binaries.* set "root"/);
    configure(world, '{ name: dionaea-follow, config: { file: incident.json } }', 'elsewhere');
    mkdirSync(join(world.folder, 'elsewhere'));
    const log = await runUntil(world, async () => (await deadLetters(world)) > 0);
    expect(log).toContain('set "root" of this source');
    expect(stored(world)).toEqual([]);
    configure(world, '{ name: dionaea-follow, config: { file: incident.json, root: WORLD/pot } }');
    expect(
      (await world.run(['dead-letters', 'retry', 'store', '--all', '--yes', '-c', 'my.yaml'])).stdout,
    ).toBe('store: 1 delivered.\n');
    expect(stored(world)).toEqual([expect.stringContaining(sha256)]);
  });

  test.each([
    ['dionaea-follow', 'incident.json', 'root: WORLD/wrong'],
    ['dionaea-database', 'dionaea.sqlite', "paths: { '.': WORLD/wrong/binaries }"],
  ])('of %s are stored after a retry when the path was absolute and wrong', async (name, file, wrong) => {
    const config = `file: pot/var/lib/dionaea/${file}`;
    const world = stockWorld('');
    mkdirSync(join(world.folder, 'elsewhere'));
    configure(world, `{ name: ${name}, config: { ${config}, ${wrong} } }`, 'elsewhere');
    if (file === 'dionaea.sqlite') writeDatabase(world);
    else world.write('pot/var/lib/dionaea/incident.json', lines);
    await runUntil(world, async () => (await deadLetters(world)) > 0);
    expect(await deadLetters(world)).toBe(1);
    configure(world, `{ name: ${name}, config: { ${config} } }`);
    expect(
      (await world.run(['dead-letters', 'retry', 'store', '--all', '--yes', '-c', 'my.yaml'])).stdout,
    ).toBe('store: 1 delivered.\n');
    expect(stored(world)).toEqual([expect.stringContaining(sha256)]);
    expect(await deadLetters(world)).toBe(0);
  });
});
