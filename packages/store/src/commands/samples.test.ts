import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandContext } from '@ihandler/testkit';
import { BlobReader, Uint8ArrayWriter, ZipReader } from '@zip.js/zip.js';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { pathIn } from '../sample-folder.ts';
import { capture, sensorFolders, startStore, unique } from '../testing/sensor.ts';
import { samples } from './samples.ts';

async function run(
  dataDir: string,
  positionals: readonly string[],
  options: Record<string, string | boolean> = {},
  columns?: number,
) {
  const instances = [{ instance: 'store', options: {}, dataDir }];
  const lent = commandContext({ instances });
  Object.assign(lent.context.terminal, { columns });
  const code = await samples.run({ options, positionals }, lent.context);
  return { code, output: lent.output, warnings: lent.warnings };
}

async function filled() {
  const folders = sensorFolders();
  const { write, reports } = await startStore({ sampleFolders: [folders.binaries] }, folders.dataDir);
  await write([unique(1, capture(folders.binaries, 'MZ one')), unique(2, capture(folders.binaries, 'two'))]);
  return { ...folders, sha256: reports.map((report) => report.sha256) };
}

describe('samples', () => {
  it('lists the stored samples while the store runs', async () => {
    const { dataDir, sha256 } = await filled();
    const { code, output } = await run(dataDir, ['list']);
    expect(code).toBe(0);
    expect(output.trimEnd().split('\n')).toHaveLength(2);
    for (const hash of sha256) expect(output).toContain(hash);
    const json = (await run(dataDir, ['list'], { json: true })).output.trimEnd().split('\n');
    expect(json.map((line) => JSON.parse(line).sha256).toSorted()).toEqual(sha256.toSorted());
  });

  it('fits the width of the terminal, with as much of a hash as "show" accepts', async () => {
    const { dataDir, sha256 } = await filled();
    for (const columns of [80, 100, 200, 20]) {
      const { output } = await run(dataDir, ['list'], {}, columns);
      const lines = output.trimEnd().split('\n');
      expect(lines).toHaveLength(2);
      for (const line of lines) {
        if (columns >= 80) expect(line.length).toBeLessThanOrEqual(columns);
        const hash = line.split('  ')[1] ?? '';
        expect(hash.length).toBeGreaterThanOrEqual(12);
        expect(sha256.some((whole) => (columns === 200 ? whole === hash : whole.startsWith(hash)))).toBe(
          true,
        );
        expect((await run(dataDir, ['show', hash])).code).toBe(0);
      }
    }
  });

  it('says that a sample was deleted to make space', async () => {
    const { dataDir, binaries } = sensorFolders();
    const { write } = await startStore({ sampleFolders: [binaries], maxSize: '1kB' }, dataDir);
    const first = capture(binaries, 'a'.repeat(600));
    await write([unique(1, first), unique(2, capture(binaries, 'b'.repeat(600)))]);
    expect((await run(dataDir, ['list'])).output).toContain('  deleted\n');
    await expect(run(dataDir, ['export', first.md5])).rejects.toThrow(
      /was deleted to make space \(maxSize\)/,
    );
  });

  it('shows a sample by the first digits of any of its hashes, and escapes control characters', async () => {
    const { dataDir, binaries } = sensorFolders();
    const { write } = await startStore({ sampleFolders: [binaries] }, dataDir);
    const sample = capture(binaries, 'three');
    const incident = unique(1, sample);
    await write([{ ...incident, data: { ...incident.data, url: 'http://x/\x1b[31m\nred' } }]);
    const { output } = await run(dataDir, ['show', sample.md5.slice(0, 8).toUpperCase()]);
    expect(output).toContain(sample.md5);
    expect(output).toContain('198.51.100.7');
    expect(output).not.toMatch(/\x1b/);
    expect(output.trimEnd().split('\n')).toHaveLength(9);
  });

  it('verify finds a damaged sample and a missing one', async () => {
    const { dataDir, sha256 } = await filled();
    expect((await run(dataDir, ['verify'])).output).toBe('2 of 2 samples are intact.\n');
    const [one = '', two = ''] = sha256.map((hash) => pathIn(join(dataDir, 'samples'), hash));
    rmSync(one);
    rmSync(two);
    writeFileSync(two, 'twp');
    const { code, output } = await run(dataDir, ['verify']);
    expect(code).toBe(3);
    expect(output).toMatch(/is damaged: its SHA-256 is/);
    expect(output).toMatch(/no such file/);
    expect(output).toMatch(/0 of 2 samples are intact/);
  });

  it('exports a ZIP that only the usual password opens, and overwrites nothing', async () => {
    const { dataDir, root, sha256 } = await filled();
    const target = join(root, 'out.zip');
    const [hash = ''] = sha256;
    expect((await run(dataDir, ['export', hash], { output: target })).output).toContain('password: infected');
    const open = async (password: string) => {
      const reader = new ZipReader(new BlobReader(new Blob([readFileSync(target)])), { password });
      const [entry] = await reader.getEntries();
      if (entry === undefined || entry.directory) throw new Error('expected one file');
      return { name: entry.filename, bytes: await entry.getData(new Uint8ArrayWriter()) };
    };
    const { name, bytes } = await open('infected');
    expect([name, Buffer.from(bytes).toString()]).toEqual([hash, 'MZ one']);
    await expect(open('wrong')).rejects.toThrow();
    expect(readFileSync(target).includes('MZ one')).toBe(false);
    await expect(run(dataDir, ['export', hash], { output: target })).rejects.toThrow(
      /Nothing is overwritten/,
    );
    expect(execFileSync('python3', ['-c', readWithPython, target], { encoding: 'utf8' })).toBe('MZ one');
  });

  it.each([
    [['list', 'x'], /expected no further argument, found "x"/],
    [[], /expected one of list, show, verify, export, found nothing/],
    [['eat'], /found "eat"/],
    [['show'], /Expected a hash/],
    [['show', 'xyz'], /Expected a hash/],
    [['show', '00000000'], /No sample has the hash/],
  ])('rejects the arguments %j and names the expected ones', async (positionals, message) => {
    const { dataDir } = await filled();
    await expect(run(dataDir, positionals)).rejects.toThrow(message);
  });

  it('refuses a damaged record and one of a later version, and says what to do', async () => {
    const { dataDir } = sensorFolders();
    const file = join(dataDir, 'store.sqlite');
    writeFileSync(file, 'no database '.repeat(500));
    await expect(run(dataDir, ['list'])).rejects.toThrow(
      /store\.sqlite is not a SQLite database.*move it away/,
    );
    await expect(startStore({ sampleFolders: [dataDir] }, dataDir)).rejects.toThrow(/not a SQLite database/);
    rmSync(file);
    await startStore({ sampleFolders: [dataDir] }, dataDir);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    const database = new Database(file);
    database.pragma('user_version = 99');
    database.close();
    await expect(run(dataDir, ['list'])).rejects.toThrow(/version 99.*update @ihandler\/store/);
    await expect(startStore({ sampleFolders: [dataDir] }, dataDir)).rejects.toThrow(/version 99/);
  });

  it('says which record is missing, and creates none', async () => {
    const { dataDir } = sensorFolders();
    await expect(run(dataDir, ['list'])).rejects.toThrow(/No sample record found at .*store\.sqlite/);
    expect(readdirSync(dataDir)).toEqual([]);
  });
});

/** What other people's tools make of it. */
const readWithPython =
  'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.read(z.namelist()[0], b"infected").decode(), end="")';
