import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statfsSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { UntypedData } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { openPort } from '../../../../test/support/host/open-port.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { postOf, sendRequest } from '../testing/send-request.ts';
import dionaeaHttp from './source.ts';

function complete(path: string): string {
  const data = { path, url: 'http://192.0.2.1/x' };
  return postOf(
    JSON.stringify({
      timestamp: '2026-11-22T06:51:50',
      name: 'dionaea',
      origin: 'dionaea.download.complete',
      data,
    }),
  );
}

/** A dionaea's folder and ours in a temporary one, and the source that links from one to the other. */
async function setUp(limits: { readonly maxFiles?: number; readonly maxBytes?: string } = {}, local = true) {
  const folder = temporaryFolder();
  const [from, into] = [join(folder, 'binaries'), join(folder, 'kept')];
  mkdirSync(from);
  const samples = { from: [from, join(folder, 'there-is-none')], into, ...limits };
  const options = { port: 0, samples, ...(local ? { local } : {}) };
  return { folder, from, into, open: () => openPort(dionaeaHttp(options)) };
}

function pathIn(data: UntypedData | undefined): string {
  return String(data?.['path']);
}

describe('a sample', () => {
  it('is there under the path of the incident when dionaea has removed it', async () => {
    const { from, into, open } = await setUp();
    const { port, incidents } = await open();
    const file = join(from, 'httpd-abc123');
    writeFileSync(file, 'MZ');
    expect(await sendRequest(port, complete(file))).toBe(204);
    unlinkSync(file);
    const path = pathIn(incidents[0]?.data);
    expect(path.startsWith(`${into}/`)).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('MZ');
    expect(incidents[0]).toMatchObject({ local: true, data: { url: 'http://192.0.2.1/x' } });
  });

  it('that is none, or lies elsewhere, is left alone and told of', async () => {
    const { folder, from, into, open } = await setUp();
    const { port, incidents, log, stop } = await open();
    const outside = join(folder, 'passwd');
    writeFileSync(outside, 'root');
    symlinkSync(outside, join(from, 'link'));
    symlinkSync(folder, join(from, 'folder'));
    execFileSync('mkfifo', [join(from, 'pipe')]);
    const paths = [
      outside,
      join(from, 'link'),
      join(from, 'folder', 'passwd'),
      join(from, '..', 'passwd'),
      join(from, 'pipe'),
      join(from, 'is-gone'),
      `${from}-other/x`,
      '/dev/null',
      from,
      `${from}/a\0b`,
      '',
    ];
    for (const path of paths) expect(await sendRequest(port, complete(path))).toBe(204);
    expect(incidents.map(({ data }) => pathIn(data as UntypedData))).toEqual(paths);
    expect(readdirSync(into)).toEqual([]);
    await stop();
    const told = log.filter((text) => text.startsWith('samples could not be kept'));
    expect(told).toHaveLength(2);
    expect(told[0]).toContain('it is in none of the folders of \\"samples.from\\"');
    expect(told[1]).toContain(`"count":${paths.length - 1}`);
  });

  it('of a sensor elsewhere is never looked at', async () => {
    const { from, into } = await setUp();
    const tokens = ['a-token-of-the-test-a', 'a-token-of-the-test-b'];
    const sensors = tokens.map((token, index) => ({ sensor: `s${index}`, token, local: index === 0 }));
    const samples = { from: [from], into };
    const { port, incidents } = await openPort(dionaeaHttp({ port: 0, samples, sensors }));
    const file = join(from, 'x');
    writeFileSync(file, 'MZ');
    const far = complete(file).replace('/incidents', `/incidents/${tokens[1]}`);
    expect(await sendRequest(port, far)).toBe(204);
    expect(pathIn(incidents[0]?.data as UntypedData)).toBe(file);
    expect(readdirSync(into)).toEqual([]);
    await sendRequest(port, complete(file).replace('/incidents', `/incidents/${tokens[0]}`));
    expect(readdirSync(into)).toHaveLength(1);
  });

  it('goes when there are too many or too large ones, the oldest first, after a restart too', async () => {
    const { from, into, open } = await setUp({ maxFiles: 3, maxBytes: '1kB' });
    const post = async (port: number, name: string, bytes: number) => {
      writeFileSync(join(from, name), name.padEnd(bytes, '.'));
      await sendRequest(port, complete(join(from, name)));
    };
    const kept = () =>
      readdirSync(into)
        .toSorted()
        .map((name) => readFileSync(join(into, name), 'utf8')[0]);
    const first = await open();
    for (const name of ['a', 'b', 'c', 'd']) await post(first.port, name, 100);
    expect(kept()).toEqual(['b', 'c', 'd']);
    await first.stop();
    writeFileSync(join(into, 'not-ours'), 'stays');
    const second = await open();
    await post(second.port, 'e', 850);
    expect(kept().filter((name) => name !== 's')).toEqual(['d', 'e']);
    await post(second.port, 'f', 1001);
    expect(kept().filter((name) => name !== 's')).toEqual(['d', 'e']);
    expect(existsSync(join(into, 'not-ours'))).toBe(true);
  });

  it('on another file system is told of', async () => {
    const { into } = await setUp();
    const elsewhere = ['/dev/shm', '/run', '/tmp'].find((folder) => {
      try {
        mkdirSync(into, { recursive: true });
        writeFileSync(join(folder, `ihandler-${process.pid}`), 'MZ');
        linkSync(join(folder, `ihandler-${process.pid}`), join(into, 'probe'));
        unlinkSync(join(into, 'probe'));
        unlinkSync(join(folder, `ihandler-${process.pid}`));
        return false;
      } catch (error) {
        return error instanceof Error && 'code' in error && error.code === 'EXDEV';
      }
    });
    // A machine with one file system has nothing to show.
    if (elsewhere === undefined) return expect(statfsSync(into).type).toBeTypeOf('number');
    const file = join(elsewhere, `ihandler-${process.pid}`);
    const samples = { from: [elsewhere], into };
    const { port, incidents, log } = await openPort(dionaeaHttp({ port: 0, local: true, samples }));
    expect(await sendRequest(port, complete(file))).toBe(204);
    unlinkSync(file);
    expect(pathIn(incidents[0]?.data as UntypedData)).toBe(file);
    expect(log.join('\n')).toContain('on another file system');
  });
});

it('a folder that cannot be had ends the run, with what to do', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  const samples = { from: [folder], into: join(folder, 'file', 'x') };
  await expect(openPort(dionaeaHttp({ port: 0, local: true, samples }))).rejects.toMatchObject({
    code: 'TARGET_UNREADABLE',
    message: expect.stringContaining('choose another for "samples.into"'),
  });
});
