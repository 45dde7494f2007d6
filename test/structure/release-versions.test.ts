import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packages, published, readPackageJson, root } from '../support/workspace.ts';

type Versions = Readonly<Record<string, string>>;

/** A git repository with the manifests and changesets of this one, which is all that changesets reads. */
let folder: string;

function git(...args: readonly string[]): void {
  const identity = ['-c', 'user.name=test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgsign=false'];
  execFileSync('git', [...identity, ...args], { cwd: folder, stdio: 'pipe' });
}

function commit(message: string): void {
  git('add', '--all');
  git('commit', '--quiet', '--message', message);
}

/** Runs `changeset version` and returns its warnings and errors. */
function changesetVersion(): readonly string[] {
  const bin = join(root, 'node_modules', '@changesets', 'cli', 'bin.js');
  const said = execFileSync(process.execPath, [bin, 'version'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return said.split('\n').filter((line) => /warn|error|must depend/i.test(line));
}

function versions(): Versions {
  return Object.fromEntries(
    published.map((item) => [item.json.name, readPackageJson(join(folder, item.folder)).version]),
  );
}

function coreRanges(): readonly (string | undefined)[] {
  return published
    .map((item) => readPackageJson(join(folder, item.folder)).peerDependencies?.['@ihandler/core'])
    .filter((range) => range !== undefined);
}

/** The packages that one changeset releases, after all pending changesets were released. */
function moved(name: string, bump: 'patch' | 'minor' | 'major'): Versions {
  const before = versions();
  writeFileSync(join(folder, '.changeset', 'one.md'), `---\n'${name}': ${bump}\n---\n\nOne change.\n`);
  commit('one change');
  expect(changesetVersion()).toEqual([]);
  const after = versions();
  return Object.fromEntries(Object.entries(after).filter(([key, version]) => version !== before[key]));
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'release-'));
  for (const file of ['package.json', 'pnpm-workspace.yaml', '.changeset']) {
    cpSync(join(root, file), join(folder, file), { recursive: true });
  }
  for (const item of packages) {
    mkdirSync(join(folder, item.folder), { recursive: true });
    cpSync(join(item.path, 'package.json'), join(folder, item.folder, 'package.json'));
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  writeFileSync(join(folder, '.gitignore'), 'node_modules\n');
  git('init', '--quiet', '--initial-branch=main');
  commit('as it is');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('releases', () => {
  const pending = readdirSync(join(root, '.changeset')).filter(
    (file) => file.endsWith('.md') && file !== 'README.md',
  );
  const first = published.every(({ json }) => json.version === '0.0.0');

  it('release all pending changesets without warnings; the first time every package becomes 1.0.0', () => {
    const before = versions();
    expect(changesetVersion()).toEqual([]);
    // A new package without a changeset would be published as 0.0.0.
    expect(Object.entries(versions()).filter(([, version]) => version === '0.0.0')).toEqual([]);
    if (first) expect(new Set(Object.values(versions()))).toEqual(new Set(['1.0.0']));
    if (first) expect(new Set(coreRanges())).toEqual(new Set(['^1.0.0']));
    if (pending.length === 0) expect(versions()).toEqual(before);
    for (const item of published.filter(({ json }) => versions()[json.name] !== before[json.name])) {
      const log = readFileSync(join(folder, item.folder, 'CHANGELOG.md'), 'utf8');
      expect(log).toContain(`# ${item.json.name}\n\n## ${versions()[item.json.name]}\n`);
    }
    git('add', '--all');
    git('commit', '--quiet', '--allow-empty', '--message', 'released');
    git('tag', 'released');
  });

  it.each([
    ['a patch of core', '@ihandler/core', 'patch', ['@ihandler/core']],
    ['a minor of core', '@ihandler/core', 'minor', ['@ihandler/core']],
    [
      'a patch of attack-log',
      '@ihandler/attack-log',
      'patch',
      ['@ihandler/attack-log', '@ihandler/log-postgres', '@ihandler/log-sqlite'],
    ],
    ['a major of log-sqlite', '@ihandler/log-sqlite', 'major', ['@ihandler/log-sqlite']],
  ] as const)('%s releases no other packages', (_title, name, bump, expected) => {
    git('reset', '--quiet', '--hard', 'released');
    const ranges = coreRanges();
    expect(Object.keys(moved(name, bump)).sort()).toEqual([...expected].sort());
    expect(coreRanges()).toEqual(ranges);
  });

  it('include a patch of log-sqlite with a patch of attack-log', () => {
    git('reset', '--quiet', '--hard', 'released');
    const before = versions()['@ihandler/log-sqlite'] ?? '';
    const [major, minor, patch] = before.split('.').map(Number);
    expect(moved('@ihandler/attack-log', 'patch')['@ihandler/log-sqlite']).toBe(
      `${major}.${minor}.${Number(patch) + 1}`,
    );
  });

  it('include a major of every package with core as a peer, new ranges, and a patch of the app, with a major of core', () => {
    git('reset', '--quiet', '--hard', 'released');
    const released = moved('@ihandler/core', 'major');
    const majors = Object.entries(released).filter(([, version]) => version.endsWith('.0.0'));
    const peers = published.filter(({ json }) => json.peerDependencies?.['@ihandler/core'] !== undefined);
    const names = majors.map(([name]) => name);
    expect(names.sort()).toEqual(['@ihandler/core', ...peers.map(({ json }) => json.name)].sort());
    // The app has core as a dependency.
    expect(released['ihandler']).toMatch(/^\d+\.\d+\.[1-9]\d*$/);
    expect(new Set(coreRanges())).toEqual(new Set([`^${versions()['@ihandler/core']}`]));
  });
});
