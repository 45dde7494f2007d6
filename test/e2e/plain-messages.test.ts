import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createWorld, type World } from 'ihandler/testing';
import { describe, expect, it, vi } from 'vitest';
import { expectPlain } from '../support/messages/expect-plain.ts';
import { contributing, wrongOptions } from '../support/messages/wrong-options.ts';
import { wrongYaml } from '../support/messages/wrong-yaml.ts';

vi.setConfig({ testTimeout: 60_000 });

function everythingInstalled(): World {
  const world = createWorld();
  world.link(...contributing);
  mkdirSync(join(world.folder, 'folder'));
  return world;
}

describe('a wrong configuration is reported in plain words, with the file and what to do', () => {
  it.each(Object.entries(wrongYaml))('%s', async (_, [content, message]) => {
    const world = everythingInstalled();
    const file = world.write('my.yaml', content);
    const { code, stdout, stderr } = await world.run(['check', '-c', 'my.yaml']);
    expect(stderr).toContain(message);
    expect(stderr).toContain(file);
    expect(code).toBe(2);
    expect(stderr.split('\n').length).toBeLessThan(20);
    expectPlain(stdout + stderr);
  });

  const commands = [
    ['check'],
    ['run'],
    ['import', 'missing.ndjson'],
    ['status'],
    ['doctor'],
    ['dead-letters', 'list'],
    ['replay', '--instance', 'x'],
    ['forget', '203.0.113.9', '--yes'],
    ['journal', 'check'],
    ['samples', 'list'],
    ['virustotal', 'status'],
  ];
  it.each(commands.map((command) => [command.join(' '), command] as const))('%s', async (_, command) => {
    const world = everythingInstalled();
    world.write('broken.yaml', 'sensor: "x\n');
    world.write('bytes.yaml', Uint8Array.of(0, 1, 255));
    const endless = ['/dev/zero'];
    for (const file of ['missing.yaml', 'folder', 'bytes.yaml', 'broken.yaml', 'broken.yaml/x', ...endless]) {
      const { code, stdout, stderr } = await world.run([...command, '-c', file]);
      expect(code).toBeGreaterThan(1);
      expect(stdout + stderr).toContain(file);
      expectPlain(stdout + stderr);
    }
  });

  it.each(wrongOptions.map((wrong) => [wrong.name, wrong.kind, wrong] as const))(
    'options of %s (%s)',
    async (_, kind, { name, configs }) => {
      const world = everythingInstalled();
      const entries = configs.map((config, index) => ({ name, as: `entry-${index}`, config }));
      const files =
        kind === 'journal' ? configs.map((config) => ({ journal: { name, config } })) : [{ [kind]: entries }];
      for (const file of files) {
        world.write('my.yaml', JSON.stringify(file));
        const { stdout, stderr } = await world.run(['check', '-c', 'my.yaml']);
        expectPlain(stdout + stderr);
        expect(stderr).not.toMatch(/another kind|another form/);
      }
    },
  );
});

describe('a wrong file is reported in plain words, with its name', () => {
  const commands = [
    ['tree', 'TARGET'],
    ['summary', 'TARGET'],
    ['backup', 'TARGET', 'copy.sqlite'],
    ['import', 'TARGET', '--with', 'log-text:file=x.log'],
    ['init', '--dionaea', 'TARGET'],
  ];
  it.each(commands.map((command) => [command.join(' '), command] as const))('%s', async (_, command) => {
    const world = everythingInstalled();
    const other = new Database(join(world.folder, 'other.sqlite'));
    other.exec('CREATE TABLE a (b)');
    other.close();
    world.write('text', 'hello\n');
    world.write('bytes', Uint8Array.of(0, 1, 255));
    world.write('damaged.sqlite', 'SQLite format 3\0abc');
    world.write('damaged.gz', Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3));
    const names = [
      'missing',
      'folder',
      'text',
      'bytes',
      'other.sqlite',
      'damaged.sqlite',
      'damaged.gz',
      'text/x',
    ];
    for (const name of names) {
      const target = join(world.folder, name);
      const { code, stdout, stderr } = await world.run(
        command.map((word) => (word === 'TARGET' ? target : word)),
      );
      expect(code).toBeGreaterThan(1);
      expect(stdout + stderr).toContain(name);
      expectPlain(stdout + stderr);
    }
  });

  it.each(['folder', 'text/x', 'missing/x', 'text', 'other.sqlite', '/proc/x', '/dev/full'])(
    'as the file that a handler writes: %s',
    async (file) => {
      const world = everythingInstalled();
      world.write('text', 'hello\n');
      world.write('other.sqlite', 'SQLite format 3\0abc');
      world.write(
        'one.ndjson',
        '{"name":"x","origin":"dionaea.x","timestamp":"2026-01-01T00:00:00","data":{}}\n',
      );
      for (const handler of ['log-text', 'log-sqlite']) {
        const words = ['import', '--with', `${handler}:file=${file}`, 'one.ndjson'];
        const { stdout, stderr } = await world.run(words, { signal: AbortSignal.timeout(1500) });
        expectPlain(stdout + stderr);
      }
    },
  );
});
