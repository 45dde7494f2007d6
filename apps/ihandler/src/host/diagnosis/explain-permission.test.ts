import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleChild } from '@ihandler/test-support/bundle-child';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld } from '../../testing/world.ts';
import { unreadable } from './explain-permission.ts';

const isRoot = process.geteuid?.() === 0;
/** The user nobody, who may read no file of ours. */
const nobody = 65_534;

describe('unreadable', () => {
  const place: { folder?: string } = {};
  beforeAll(async () => {
    place.folder = mkdtempSync(join(tmpdir(), 'ihandler-unreadable-'));
    await bundleChild(new URL('./explain-permission.ts', import.meta.url), place.folder, 'better-sqlite3');
    chmodSync(place.folder, 0o755);
  });
  afterAll(() => rmSync(place.folder ?? '', { recursive: true, force: true }));

  /** What another user is told. Root may read everything, so it asks as nobody. */
  function asked(path: string): { readonly found?: string; readonly advice?: string } {
    const program = `import { unreadable } from ${JSON.stringify(join(place.folder ?? '', 'unreadable-file.js'))};
      console.log(JSON.stringify(unreadable(${JSON.stringify(path)}) ?? {}));`;
    const as = isRoot ? { uid: nobody, gid: nobody } : {};
    const options = { cwd: '/', encoding: 'utf8', ...as } as const;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], options);
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  }

  test('says whose a file is, and how to grant it', () => {
    const world = createWorld();
    chmodSync(world.folder, 0o755);
    const file = world.write('incidents.json', '');
    chmodSync(file, isRoot ? 0o600 : 0);
    expect(asked(file)).toEqual({
      found: expect.stringMatching(
        /^\/.*incidents\.json belongs to \w+:\w+ with mode 0[06]00, so user \w+ cannot read it$/,
      ),
      advice: expect.stringMatching(/^run ihandler as \w+ \(systemd: User=\w+\).*chmod g\+r \//),
    });
    chmodSync(file, isRoot ? 0o640 : 0o040);
    expect(asked(file).advice).toMatch(/make its user a member of the group \w+$/);
    chmodSync(file, 0o644);
    expect(asked(file)).toEqual({});
  });

  test('names the folder that is closed', () => {
    const world = createWorld();
    chmodSync(world.folder, 0o755);
    mkdirSync(join(world.folder, 'closed'));
    const file = world.write('closed/incidents.json', '');
    chmodSync(join(world.folder, 'closed'), isRoot ? 0o700 : 0o600);
    expect(asked(file).found).toMatch(/\/closed belongs to/);
    chmodSync(join(world.folder, 'closed'), 0o755);
  });

  test('has nothing to say of what is not there', () => {
    expect(unreadable(join(createWorld().folder, 'none'))).toBeUndefined();
  });
});
