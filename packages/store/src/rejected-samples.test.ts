import { chmodSync, linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failureKind } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { capture, sensorFolders, startStore, unique } from './testing/sensor.ts';

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

describe('store rejects permanently, with the reason,', () => {
  async function rejection(
    make: (folders: ReturnType<typeof sensorFolders>) => string,
    options: object = {},
    md5 = 'none',
  ): Promise<string> {
    const folders = sensorFolders();
    const { write, handler } = await startStore(
      { sampleFolders: [folders.binaries], ...options },
      folders.dataDir,
    );
    const file = make(folders);
    const error: unknown = await write([unique(1, { file, md5 })]).catch((reason: unknown) => reason);
    expect(failureKind(error)).toBe('permanent');
    expect(await handler.checkpoint?.()).toEqual({});
    expect(filesBelow(join(folders.dataDir, 'samples'))).toEqual([]);
    return error instanceof Error ? error.message : '';
  }

  it('a link, wherever it points', async () => {
    expect(
      await rejection(({ root, binaries }) => {
        writeFileSync(join(root, 'secret'), 'root:x:0:0');
        symlinkSync(join(root, 'secret'), join(binaries, 'link'));
        return join(binaries, 'link');
      }),
    ).toMatch(/it is a symbolic link/);
  });

  it('a file in a linked folder outside the allowed one', async () => {
    expect(
      await rejection(({ root, binaries }) => {
        mkdirSync(join(root, 'outside'));
        writeFileSync(join(root, 'outside', 'secret'), 'x');
        symlinkSync(join(root, 'outside'), join(binaries, 'inside'));
        return join(binaries, 'inside', 'secret');
      }),
    ).toMatch(/outside the allowed folders/);
  });

  it.each(['../secret', '..', 'a/../../secret', './../binaries2/secret'])('a path with %s', async (path) => {
    expect(
      await rejection(({ root, binaries }) => {
        mkdirSync(join(root, 'binaries2'));
        mkdirSync(join(binaries, 'a'));
        for (const file of ['secret', 'binaries2/secret']) writeFileSync(join(root, file), 'x');
        return `${binaries}/${path}`;
      }),
    ).toMatch(/outside the allowed folders/);
  });

  it('a relative path and a path with a NUL', async () => {
    expect(await rejection(() => 'binaries/x')).toMatch(/expected an absolute path/);
    expect(await rejection(({ binaries }) => `${binaries}/x\0y`)).toMatch(/expected an absolute path/);
  });

  it('a folder and a device', async () => {
    expect(
      await rejection(({ binaries }) => {
        mkdirSync(join(binaries, 'folder'));
        return join(binaries, 'folder');
      }),
    ).toMatch(/is not a regular file|is a folder/);
    expect(await rejection(() => '/dev/zero', { sampleFolders: ['/dev'] })).toMatch(/is not a regular file/);
  });

  it('a sample that no longer exists', async () => {
    expect(await rejection(({ binaries }) => join(binaries, 'gone'))).toMatch(/does not exist/);
  });

  it('a sample larger than maxSampleSize or maxSize', async () => {
    const large = ({ binaries }: { binaries: string }) => capture(binaries, 'x'.repeat(2000)).file;
    expect(await rejection(large, { maxSampleSize: '1kB' })).toMatch(/at most 1000 bytes, found 2000/);
    expect(await rejection(large, { maxSize: '1kB' })).toMatch(/2000 bytes, more than .* may have \(1000\)/);
  });

  it('a file with another MD5 than the incident reports', async () => {
    expect(await rejection(({ binaries }) => capture(binaries, 'other').file, {}, '0'.repeat(32))).toMatch(
      /expected a file with MD5 0{32}, found MD5 .* Another file has replaced it/,
    );
  });

  it('a sample that it may not read, and says how to grant access', async () => {
    // Root may read everything.
    if (process.getuid?.() === 0) return expect(process.getuid()).toBe(0);
    expect(
      await rejection(({ binaries }) => {
        const { file } = capture(binaries, 'x');
        chmodSync(file, 0);
        return file;
      }),
    ).toMatch(/Run ihandler as the user of dionaea/);
  });

  it('but not a hard link, which is the file itself', async () => {
    const { binaries, dataDir } = sensorFolders();
    const { reports, write } = await startStore({ sampleFolders: [binaries] }, dataDir);
    const { file, md5 } = capture(binaries, 'linked');
    linkSync(file, join(binaries, 'second'));
    await write([unique(1, { file: join(binaries, 'second'), md5 })]);
    expect(reports).toHaveLength(1);
  });
});
