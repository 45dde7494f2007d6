import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { failureKind } from '@ihandler/core';
import { expect, it, vi } from 'vitest';
import { capture, sensorFolders, startStore, unique } from './testing/sensor.ts';

const disk = vi.hoisted(() => ({ isFull: false }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return {
    ...real,
    async open(...parts: Parameters<typeof real.open>) {
      const handle = await real.open(...parts);
      const write = handle.writeFile.bind(handle);
      handle.writeFile = async (...what) => {
        if (disk.isFull) throw Object.assign(new Error('ENOSPC: no space left, write'), { code: 'ENOSPC' });
        return write(...what);
      };
      return handle;
    },
  };
});

it('store retries on a full disk: it names the folder, leaves no draft, and stores the sample once there is space', async () => {
  const { binaries, dataDir } = sensorFolders();
  const { reports, write, handler } = await startStore({ sampleFolders: [binaries] }, dataDir);
  const batch = [unique(1, capture(binaries, 'MZ evil'))];
  disk.isFull = true;
  const error: unknown = await write(batch).catch((reason: unknown) => reason);
  expect(failureKind(error)).toBe('temporary');
  expect(String(error)).toContain(`Disk full: cannot store a sample in ${join(dataDir, 'samples')}`);
  expect(readdirSync(join(dataDir, 'samples', '.incoming'))).toEqual([]);
  expect(await handler.checkpoint?.()).toEqual({});
  disk.isFull = false;
  await write(batch);
  expect(reports).toHaveLength(1);
});
