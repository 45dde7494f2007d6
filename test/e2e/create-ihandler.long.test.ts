import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { createPackage, succeed } from '../support/created-package.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'create-ihandler-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(['handler', 'source', 'both'])('npm create ihandler --%s', (kind) => {
  it.each(['ts', 'js'])(
    'writes a package in %s that builds, is typed, passes its tests, publint and attw, and packs',
    async (language) => {
      const { path, script } = await createPackage(folder, kind, language);
      for (const name of ['build', 'typecheck', 'test', 'check']) await script(name);
      await succeed('npm pack --ignore-scripts', path);
      if (kind === 'source') await succeed('node show.mjs example.log', path);
    },
    300_000,
  );
});
