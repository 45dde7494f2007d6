import { chmodSync, copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { unfinishedDatabase } from '@ihandler/test-support/unfinished-database';
import { describe, expect, test } from 'vitest';
import { startProgram } from '../testing/program.ts';
import { createWorld } from '../testing/world.ts';

const NOBODY = { uid: 65_534, gid: 65_534 };

describe.skipIf(process.geteuid?.() !== 0)(
  'a database of root in a folder that another user may only read',
  () => {
    test.each([
      ['with a hot journal', 'delete', '47'],
      ['with a write-ahead log', 'wal', '3,047'],
    ])('is shown %s', { timeout: 120_000 }, async (_, mode, attacks) => {
      const world = createWorld();
      chmodSync(world.folder, 0o755);
      const live = join(world.folder, 'live.sqlite');
      const writer = unfinishedDatabase(live, mode);
      mkdirSync(join(world.folder, 'copy'));
      for (const end of ['', '-journal', '-wal'])
        if (existsSync(live + end)) {
          copyFileSync(live + end, join(world.folder, `copy/d.sqlite${end}`));
          chmodSync(join(world.folder, `copy/d.sqlite${end}`), 0o444);
        }
      writer.close();
      chmodSync(join(world.folder, 'copy'), 0o555);
      const before = world.list('copy');
      expect(before).toHaveLength(2);
      const { code, stdout, stderr } = await startProgram(world, ['summary', 'copy/d.sqlite'], NOBODY).ended;
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(new RegExp(`^Attacks +${attacks}$`, 'm'));
      expect(world.list('copy')).toEqual(before);
    });
  },
);
