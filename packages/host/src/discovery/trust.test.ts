import { chmodSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFolder } from '../testing/folder.ts';
import { createTrust } from './trust.ts';

const STRANGER = 54_321;
const GROUP = 54_322;

/** A folder `at` with a file in it; the folder around belongs to this user. */
function place(at = 'project/node_modules/pack') {
  const { folder, write } = createFolder();
  const file = write(join(at, 'index.js'), '');
  return { folder, file, path: (name: string) => join(folder, name) };
}

function trustIn(prefix: string, env: Record<string, string> = {}) {
  return createTrust({ prefix, env });
}

describe('the rule by which code is loaded', () => {
  test('allows folders of this user, below a sticky folder that everybody may write', () => {
    const { file, path } = place();
    chmodSync(path('project'), 0o1777);
    expect(trustIn('/')(file)).toBeUndefined();
  });

  test('refuses a folder, a file or a folder on the way that everybody may write, and says how to fix it', () => {
    for (const name of ['project', 'project/node_modules', 'project/node_modules/pack/index.js']) {
      const { file, path } = place();
      chmodSync(path(name), 0o777);
      expect(trustIn('/')(file)).toBe(
        `every user may write the ${name.endsWith('.js') ? 'file' : 'folder'} ${path(name)} (mode 0777). To fix it: chmod o-w ${path(name)}. If you trust them, set IHANDLER_TRUST=${path(name)}`,
      );
    }
  });

  test('allows what IHANDLER_TRUST names', () => {
    const { file, path } = place();
    chmodSync(path('project'), 0o777);
    const trust = (named: string) => trustIn('/', { IHANDLER_TRUST: named })(file);
    expect(trust(path('project'))).toBeUndefined();
    expect(trust(`/elsewhere:${path('project/node_modules')}`)).toBeUndefined();
    expect(trust(path('proj'))).toMatch(/every user/);
  });

  test('does not ask more of a package than of the program, whose folders others may write', () => {
    const { file, path } = place();
    chmodSync(path('project'), 0o777);
    chmodSync(path('project/node_modules/pack'), 0o777);
    mkdirSync(path('project/program'));
    expect(trustIn(path('project/program'))(file)).toBeUndefined();
  });

  test('refuses a link into a folder that everybody may write', () => {
    const { path } = place('open/pack');
    chmodSync(path('open'), 0o777);
    mkdirSync(path('own'));
    symlinkSync('../open/pack', path('own/pack'));
    expect(trustIn('/')(path('own/pack'))).toContain(`the folder ${path('open')} (mode 0777)`);
  });
});

describe.skipIf(process.getuid?.() !== 0)('the rule by which code is loaded, for root', () => {
  test('refuses what belongs to somebody else, links included', () => {
    for (const name of ['project', 'project/node_modules/pack', 'project/link']) {
      const { path } = place();
      symlinkSync('node_modules/pack', path('project/link'));
      lchownSync(path(name), STRANGER, 0);
      expect(trustIn('/')(path('project/link'))).toContain(
        `the ${name.endsWith('link') ? 'link' : 'folder'} ${path(name)} belongs to ${STRANGER}, who could change the code. To fix it, run ihandler as ${STRANGER}`,
      );
    }
  });

  test('refuses a folder that another group may write, and allows that of the group of root', () => {
    const { file, path } = place();
    chmodSync(path('project'), 0o775);
    expect(trustIn('/')(file)).toBeUndefined();
    lchownSync(path('project'), 0, GROUP);
    expect(trustIn('/')(file)).toContain(`the group ${GROUP} may write the folder ${path('project')}`);
  });

  test('allows what belongs to the owner of the program', () => {
    const { file, path } = place();
    for (const name of ['project', 'project/node_modules']) lchownSync(path(name), STRANGER, STRANGER);
    expect(trustIn('/')(file)).toMatch(/belongs to/);
    expect(trustIn(path('project/node_modules'))(file)).toBeUndefined();
  });

  test('ignores a chain of links that never ends', () => {
    const { path } = place();
    symlinkSync('b', path('a'));
    symlinkSync('a', path('b'));
    writeFileSync(path('c'), '');
    expect(trustIn('/')(path('a'))).toBeUndefined();
  });
});
