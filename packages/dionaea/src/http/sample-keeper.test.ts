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
import { openPort } from '@ihandler/test-support/host';
import { describe, expect, it } from 'vitest';
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

/** The folders of a dionaea and of the links in a temporary one, and a source that links samples. */
async function setUp(limits: { readonly maxFiles?: number; readonly maxSize?: string } = {}, local = true) {
  const folder = temporaryFolder();
  const [binaries, kept] = [join(folder, 'binaries'), join(folder, 'kept')];
  mkdirSync(binaries);
  const sampleFolders = [binaries, join(folder, 'missing')];
  const options = {
    port: 0,
    sampleFolders,
    samples: { folder: kept, ...limits },
    ...(local ? { local } : {}),
  };
  return { folder, binaries, kept, open: () => openPort(dionaeaHttp(options)) };
}

function pathIn(data: UntypedData | undefined): string {
  return String(data?.['path']);
}

describe('a sample of a post to dionaea-http', () => {
  it('stays available under the path in the incident after dionaea has deleted it', async () => {
    const { binaries, kept, open } = await setUp();
    const { port, incidents } = await open();
    const file = join(binaries, 'httpd-abc123');
    writeFileSync(file, 'MZ');
    expect(await sendRequest(port, complete(file))).toBe(204);
    unlinkSync(file);
    const path = pathIn(incidents[0]?.data);
    expect(path.startsWith(`${kept}/`)).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('MZ');
    expect(incidents[0]).toMatchObject({ local: true, data: { url: 'http://192.0.2.1/x' } });
  });

  it('is not linked when it is not a regular file or is outside the sample folders, and the log says why', async () => {
    const { folder, binaries, kept, open } = await setUp();
    const { port, incidents, log, stop } = await open();
    const outside = join(folder, 'passwd');
    writeFileSync(outside, 'root');
    symlinkSync(outside, join(binaries, 'link'));
    symlinkSync(folder, join(binaries, 'folder'));
    execFileSync('mkfifo', [join(binaries, 'pipe')]);
    const paths = [
      outside,
      join(binaries, 'link'),
      join(binaries, 'folder', 'passwd'),
      join(binaries, '..', 'passwd'),
      join(binaries, 'pipe'),
      join(binaries, 'deleted'),
      `${binaries}-other/x`,
      '/dev/null',
      binaries,
      `${binaries}/a\0b`,
      '',
    ];
    for (const path of paths) expect(await sendRequest(port, complete(path))).toBe(204);
    expect(incidents.map(({ data }) => pathIn(data as UntypedData))).toEqual(paths);
    expect(readdirSync(kept)).toEqual([]);
    await stop();
    const warnings = log.filter((text) => text.startsWith('cannot keep samples'));
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain('it is outside the folders of \\"sampleFolders\\"');
    expect(warnings[1]).toContain(`"count":${paths.length - 1}`);
  });

  it('is never opened for a sensor on another machine', async () => {
    const { binaries, kept } = await setUp();
    const tokens = ['a-token-of-the-test-a', 'a-token-of-the-test-b'];
    const sensors = tokens.map((token, index) => ({ sensor: `s${index}`, token, local: index === 0 }));
    const options = { port: 0, sampleFolders: [binaries], samples: { folder: kept }, sensors };
    const { port, incidents } = await openPort(dionaeaHttp(options));
    const file = join(binaries, 'x');
    writeFileSync(file, 'MZ');
    const far = complete(file).replace('/incidents', `/incidents/${tokens[1]}`);
    expect(await sendRequest(port, far)).toBe(204);
    expect(pathIn(incidents[0]?.data as UntypedData)).toBe(file);
    expect(readdirSync(kept)).toEqual([]);
    await sendRequest(port, complete(file).replace('/incidents', `/incidents/${tokens[0]}`));
    expect(readdirSync(kept)).toHaveLength(1);
  });

  it('is deleted when there are too many or their total is too large, the oldest first, also after a restart', async () => {
    const { binaries, kept, open } = await setUp({ maxFiles: 3, maxSize: '1kB' });
    const post = async (port: number, name: string, bytes: number) => {
      writeFileSync(join(binaries, name), name.padEnd(bytes, '.'));
      await sendRequest(port, complete(join(binaries, name)));
    };
    const names = () =>
      readdirSync(kept)
        .toSorted()
        .map((name) => readFileSync(join(kept, name), 'utf8')[0]);
    const first = await open();
    for (const name of ['a', 'b', 'c', 'd']) await post(first.port, name, 100);
    expect(names()).toEqual(['b', 'c', 'd']);
    await first.stop();
    writeFileSync(join(kept, 'not-ours'), 'stays');
    const second = await open();
    await post(second.port, 'e', 850);
    expect(names().filter((name) => name !== 's')).toEqual(['d', 'e']);
    await post(second.port, 'f', 1001);
    expect(names().filter((name) => name !== 's')).toEqual(['d', 'e']);
    expect(existsSync(join(kept, 'not-ours'))).toBe(true);
  });

  it('is not linked on another file system, and the log says why', async () => {
    const { kept } = await setUp();
    const elsewhere = ['/dev/shm', '/run', '/tmp'].find((folder) => {
      try {
        mkdirSync(kept, { recursive: true });
        writeFileSync(join(folder, `ihandler-${process.pid}`), 'MZ');
        linkSync(join(folder, `ihandler-${process.pid}`), join(kept, 'probe'));
        unlinkSync(join(kept, 'probe'));
        unlinkSync(join(folder, `ihandler-${process.pid}`));
        return false;
      } catch (error) {
        return error instanceof Error && 'code' in error && error.code === 'EXDEV';
      }
    });
    // On a machine with a single file system there is nothing to test.
    if (elsewhere === undefined) return expect(statfsSync(kept).type).toBeTypeOf('number');
    const file = join(elsewhere, `ihandler-${process.pid}`);
    const options = { port: 0, local: true, sampleFolders: [elsewhere], samples: { folder: kept } };
    const { port, incidents, log } = await openPort(dionaeaHttp(options));
    expect(await sendRequest(port, complete(file))).toBe(204);
    unlinkSync(file);
    expect(pathIn(incidents[0]?.data as UntypedData)).toBe(file);
    expect(log.join('\n')).toContain('on another file system');
  });
});

it('the run of dionaea-http fails, with a fix, when the folder of the samples cannot be created', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  const samples = { folder: join(folder, 'file', 'x') };
  const options = { port: 0, local: true, sampleFolders: [folder], samples };
  await expect(openPort(dionaeaHttp(options))).rejects.toMatchObject({
    code: 'TARGET_UNREADABLE',
    message: expect.stringContaining('choose another for "samples.folder"'),
  });
});
