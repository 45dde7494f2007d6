import { appendFileSync, readdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failureKind } from '@ihandler/core';
import { openSample } from '@ihandler/core/kit';
import { describe, expect, it } from 'vitest';
import { copySample } from './copy-sample.ts';
import { sensorFolders } from './testing/sensor.ts';

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
