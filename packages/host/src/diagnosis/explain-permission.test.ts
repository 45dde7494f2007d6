import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleChild } from '@ihandler/test-support/bundle-child';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFolder } from '../testing/folder.ts';
import { unreadable } from './explain-permission.ts';

const isRoot = process.geteuid?.() === 0;
/** The user nobody, who cannot read files of this user. */
const nobody = 65_534;

describe('unreadable', () => {
  const place: { folder?: string } = {};
  beforeAll(async () => {
    place.folder = mkdtempSync(join(tmpdir(), 'ihandler-unreadable-'));
    await bundleChild(new URL('./explain-permission.ts', import.meta.url), place.folder, 'better-sqlite3');
    chmodSync(place.folder, 0o755);
  });
  afterAll(() => rmSync(place.folder ?? '', { recursive: true, force: true }));

  /** The answer for another user: root may read everything, so it asks as the user nobody. */
  function asked(path: string, isFollowed = false): { readonly found?: string; readonly advice?: string } {
    const program = `import { unreadable } from ${JSON.stringify(join(place.folder ?? '', 'explain-permission.js'))};
      console.log(JSON.stringify(unreadable(${JSON.stringify(path)}, ${isFollowed}) ?? {}));`;
    const as = isRoot ? { uid: nobody, gid: nobody } : {};
    const options = { cwd: '/', encoding: 'utf8', ...as } as const;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], options);
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  }

  test('names the owner of a file, and how to grant access', () => {
    const world = createFolder();
    chmodSync(world.folder, 0o755);
    const file = world.write('incidents.json', '');
    chmodSync(file, isRoot ? 0o600 : 0);
    expect(asked(file)).toEqual({
      found: expect.stringMatching(
        /^user \w+ cannot read \/.*incidents\.json \(owner \w+:\w+, mode 0[06]00\)$/,
      ),
      advice: expect.stringMatching(/^run ihandler as \w+ \(systemd: User=\w+\).*chmod g\+r \//),
    });
    chmodSync(file, isRoot ? 0o640 : 0o040);
    expect(asked(file).advice).toMatch(/add its user to the group \w+$/);
    chmodSync(file, 0o644);
    expect(asked(file)).toEqual({});
  });

  test('names the folder that cannot be entered', () => {
    const world = createFolder();
    chmodSync(world.folder, 0o755);
    mkdirSync(join(world.folder, 'closed'));
    const file = world.write('closed/incidents.json', '');
    chmodSync(join(world.folder, 'closed'), isRoot ? 0o700 : 0o600);
    expect(asked(file).found).toMatch(/\/closed \(owner /);
    chmodSync(join(world.folder, 'closed'), 0o755);
  });

  test.runIf(isRoot)('gives advice that lets a source follow a file, when it is followed literally', () => {
    const world = createFolder();
    chmodSync(world.folder, 0o755);
    const folder = join(world.folder, 'var');
    mkdirSync(folder);
    const file = world.write('var/incidents.json', 'x');
    for (const path of [folder, file]) {
      chmodSync(path, 0o600);
      chownSync(path, 0, nobody);
    }
    for (let steps = 0; steps < 3; steps += 1) {
      const { advice } = asked(file, true);
      if (advice === undefined) break;
      const [, mode = '', path = ''] = /chmod (\S+) (\S+)$/.exec(advice) ?? [];
      expect(spawnSync('chmod', [mode, path]).status).toBe(0);
    }
    expect(asked(file, true)).toEqual({});
    const as = { uid: nobody, gid: nobody, encoding: 'utf8' } as const;
    expect(spawnSync('cat', [file], as).stdout).toBe('x');
    expect(spawnSync('ls', [folder], as).stdout).toBe('incidents.json\n');
  });

  test('is undefined for a missing file', () => {
    expect(unreadable(join(createFolder().folder, 'none'))).toBeUndefined();
  });
});
