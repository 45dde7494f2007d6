import {
  appendFileSync,
  linkSync,
  readdirSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { failureKind } from '@ihandler/core';
import { openSample } from '@ihandler/core/kit';
import { describe, expect, it } from 'vitest';
import { copySample } from './copy-sample.ts';
import { sensorFolders, startStore, unique } from './testing/sensor.ts';

describe('copySample of a file that changes while it is read', () => {
  it.each<[string, (file: string) => void]>([
    ['grows', (file) => appendFileSync(file, 'more')],
    ['shrinks', (file) => truncateSync(file, 10)],
    [
      'is written over',
      (file) => {
        writeFileSync(file, 'y'.repeat(600_000));
        utimesSync(file, 1, 1);
      },
    ],
  ])('rejects a file that %s, and leaves no draft', async (_, change) => {
    const { binaries, dataDir } = sensorFolders();
    const file = join(binaries, 'sample');
    writeFileSync(file, 'x'.repeat(600_000));
    const sample = await openSample(file, [binaries]);
    change(file);
    const copying = copySample(sample, file, { folder: dataDir, maxSampleSize: 1e9 });
    const error: unknown = await copying.catch((reason: unknown) => reason);
    await sample.close();
    expect(failureKind(error)).toBe('permanent');
    expect(String(error)).toMatch(/changed while it was read/);
    expect(readdirSync(dataDir)).toEqual([]);
  });
});

describe('the store and a file that changes', () => {
  it('accepts a file that is linked and unlinked while it is read, as dionaea does', async () => {
    const { binaries, dataDir } = sensorFolders();
    const file = join(binaries, 'sample');
    writeFileSync(file, 'x'.repeat(600_000));
    const sample = await openSample(file, [binaries]);
    linkSync(file, join(binaries, 'permanent'));
    unlinkSync(file);
    const { size } = await copySample(sample, file, { folder: dataDir, maxSampleSize: 1e9 });
    await sample.close();
    expect(size).toBe(600_000);
  });

  it('reads a file again that grew while it was read, before it gives up', async () => {
    const { binaries, dataDir } = sensorFolders();
    const { write, reports } = await startStore({ sampleFolders: [binaries] }, dataDir);
    const file = join(binaries, 'sample');
    writeFileSync(file, 'x'.repeat(30_000_000));
    const writing = write([unique(1, { file, md5: 'none' })]);
    const writer = setInterval(() => appendFileSync(file, 'more'), 1);
    await pause(60);
    clearInterval(writer);
    await writing;
    expect(reports).toHaveLength(1);
    expect(reports[0]?.size).toBe(statSync(file).size);
  });
});
