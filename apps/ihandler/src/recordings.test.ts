import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { recording } from '@ihandler/test-support/recordings';
import { describe, expect, test } from 'vitest';
import { startProgram } from './testing/program.ts';
import { createWorld, type Ran, type World } from './testing/world.ts';

const seed = readFileSync(recording('seed-attack.ndjson'));

/** A world in which packages of this workspace are installed. */
function worldWith(...folders: readonly string[]): World {
  const world = createWorld();
  world.link(...folders);
  return world;
}

function runFromSource(world: World, ...argv: readonly string[]): Promise<Ran> {
  return world.run(argv);
}

describe('recordings of a dionaea', () => {
  test("become the tree of dionaea's manual, byte for byte", async () => {
    const world = worldWith('dionaea', 'log-sqlite');
    const imported = await runFromSource(
      world,
      'import',
      recording('seed-attack.ndjson'),
      '--json',
      '--with',
      'log_sqlite:file=my.sqlite',
    );
    expect(imported.stderr).toBe('');
    expect(JSON.parse(imported.stdout)).toMatchObject({
      accepted: seed.toString().trim().split('\n').length,
      rejected: 0,
      misfits: 0,
      unknown: 0,
      exitCode: 0,
    });
    const tree = await runFromSource(
      world,
      'tree',
      join(world.folder, 'my.sqlite'),
      '--connection',
      '610',
      '--format',
      'manual',
    );
    expect(tree.stderr).toBe('');
    expect(tree.code).toBe(0);
    expect(tree.stdout).toBe(readFileSync(recording('seed-attack.manual.txt'), 'utf8'));
  });

  test('match their schemas, and are stored once however often they are imported', async () => {
    const world = worldWith('dionaea', 'log-sqlite');
    const files = ['a', 'c'].map((run) => recording(`dionaea-${run}/log_incident.ndjson`));
    const command = ['import', ...files, '--json', '--with', 'log-sqlite:file=my.sqlite'];
    const first = JSON.parse((await runFromSource(world, ...command)).stdout);
    expect(first).toMatchObject({ rejected: 0, misfits: 0, exitCode: 0, failure: null });
    const second = JSON.parse((await runFromSource(world, ...command)).stdout);
    expect(second).toMatchObject({ accepted: 0, exitCode: 0, ihandlers: [{ delivered: 0, dead: 0 }] });
  });

  test('with broken lines are imported, and the fixed lines afterwards', async () => {
    const world = worldWith('dionaea', 'log-sqlite');
    const lines = seed.toString().trimEnd().split('\n').slice(0, 20);
    const broken = lines.with(7, lines[7]?.slice(0, 100) ?? '');
    world.write('broken.ndjson', `${broken.join('\n')}\n`);
    const options = ['--json', '--with', 'log-sqlite:file=my.sqlite'];
    const first = await runFromSource(world, 'import', 'broken.ndjson', ...options);
    expect(first.code).toBe(3);
    const { file } = JSON.parse(first.stdout).rejects;
    const reject = JSON.parse(readFileSync(file, 'utf8'));
    expect(reject.text).toBe(broken[7]);
    world.write('mended.ndjson', `${JSON.stringify({ ...reject, text: lines[7] })}\n`);
    const second = await runFromSource(world, 'import', 'mended.ndjson', ...options);
    expect(JSON.parse(second.stdout)).toMatchObject({ accepted: 1, rejected: 0, exitCode: 0 });
  });

  test('are completed after a kill, from a renamed and gzipped copy, with nothing twice', async () => {
    const world = worldWith('dionaea', 'log-sqlite');
    const large = Buffer.concat(Array.from({ length: 12 }, () => seed));
    world.write('large.ndjson', large);
    world.write('copy.gz', gzipSync(large));
    world.write(
      'witness.mjs',
      `let seen = 0;
      export default { contract: 1, name: 'witness', on: { '*': (_incident, { log }) => { if (++seen === 3000) log.warn('in the middle'); } } };`,
    );
    const witness = ['--with', './witness.mjs'];
    const killed = startProgram(world, [
      'import',
      'large.ndjson',
      '--with',
      'log-sqlite:file=killed.sqlite',
      ...witness,
    ]);
    await killed.said('in the middle');
    killed.child.kill('SIGKILL');
    await killed.ended;
    const again = await runFromSource(world, 'import', 'copy.gz', '--with', 'log-sqlite:file=killed.sqlite');
    expect(again.stderr).toBe('');
    expect(again.code).toBe(0);
    await runFromSource(world, 'import', 'large.ndjson', '--with', 'log-sqlite:file=whole.sqlite');
    const trees = await Promise.all(
      ['killed', 'whole'].map((name) =>
        runFromSource(world, 'tree', join(world.folder, `${name}.sqlite`), '--format', 'manual'),
      ),
    );
    expect(trees[0]?.stdout.length).toBeGreaterThan(10_000);
    expect(trees[0]?.stdout).toBe(trees[1]?.stdout);
  }, 120_000);
});

test('list shows what the packages of this workspace need, and that they send nothing', async () => {
  const world = worldWith('dionaea', 'log-sqlite', 'journal-sqlite', 'attack-log', 'core');
  const { stdout } = await runFromSource(world, 'list');
  expect(stdout).toMatch(/log-sqlite .*\n.*sends nothing off this machine; needs file/);
  expect(stdout).toMatch(/source +dionaea: .*import reads files and standard input/);
  expect(stdout).not.toContain('cannot be used');
});

test('import suggests a command when no handler is given', async () => {
  const world = worldWith('dionaea', 'log-sqlite');
  const { code, stderr } = await runFromSource(world, 'import', recording('seed-attack.ndjson'));
  expect(code).toBe(2);
  expect(stderr).toMatch(/ihandler import \S+seed-attack\.ndjson --with log-sqlite:file=\S+\n/);
});
