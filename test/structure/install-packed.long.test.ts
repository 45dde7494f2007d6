import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type PrebuiltSqlite, prebuiltSqlite } from '../../scripts/prebuilt-sqlite.mjs';
import { freshEnvironment } from '../support/fresh-environment.ts';
import { type PackedPackage, pack } from '../support/packed.ts';
import { published, root } from '../support/workspace.ts';

// Each test starts npx, which takes long on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

const recordings = join(root, 'test', 'recordings');
const chosen = ['ihandler', '@ihandler/log-sqlite', '@ihandler/dionaea'];

let folder: string;
let packed: readonly PackedPackage[];
let sqlite: PrebuiltSqlite;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'packed-'));
  packed = pack(folder);
  mkdirSync(join(folder, 'prebuilt'));
  sqlite = prebuiltSqlite(join(folder, 'prebuilt'));
}, 600_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function runIn(project: string, command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, {
    cwd: project,
    env: freshEnvironment(sqlite),
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

describe.each(published.map(({ json }) => json.name))('%s, packed', (name) => {
  const names = new Set(published.map(({ json }) => json.name));
  const self = (): PackedPackage | undefined => packed.find((item) => item.name === name);

  it('depends on no packages of the workspace except core and libraries', () => {
    const { dependencies = {}, peerDependencies = {} } = self()?.json ?? {};
    const brought = Object.keys({ ...dependencies, ...peerDependencies }).filter((other) => names.has(other));
    const allowed = [
      '@ihandler/core',
      ...(name.startsWith('@ihandler/log-') ? ['@ihandler/attack-log'] : []),
      ...(name === '@ihandler/dionaea' ? ['@ihandler/http', '@ihandler/source-kit'] : []),
      ...(name === '@ihandler/json-lines' ? ['@ihandler/source-kit'] : []),
      ...(name === 'ihandler' ? ['@ihandler/host'] : []),
    ];
    expect(brought.filter((other) => !allowed.includes(other))).toEqual([]);
  });

  it('names only real versions and built files', () => {
    const { json, files } = self() ?? { json: undefined, files: [] };
    const ranges = Object.values({ ...json?.dependencies, ...json?.peerDependencies });
    expect(ranges.filter((range) => !/^[\^~]?\d/.test(range))).toEqual([]);
    expect(JSON.stringify(json?.exports)).not.toContain('src/');
    const wanted = JSON.stringify([json?.exports, json?.bin]).match(/dist\/[^"]+/g) ?? [];
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE', ...wanted]));
    expect(files.filter((file) => /(?:^|\/)(?:src|test|bench|node_modules)\/|\.test\./.test(file))).toEqual(
      [],
    );
  });
});

describe('the app, log-sqlite and dionaea, installed with npm in an empty folder', () => {
  let project: string;

  beforeAll(() => {
    project = join(folder, 'a project of a user');
    mkdirSync(project);
    const file = (name: string): string => `file:${packed.find((item) => item.name === name)?.tarball}`;
    const others = published.map(({ json }) => json.name).filter((name) => !chosen.includes(name));
    const manifest = {
      private: true,
      dependencies: Object.fromEntries(chosen.map((name) => [name, file(name)])),
      // Nothing is published yet, so their dependencies come from tarballs too, if they are required.
      overrides: {
        ...Object.fromEntries(others.map((name) => [name, file(name)])),
        'better-sqlite3': sqlite.version,
      },
    };
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
    runIn(project, 'npm', 'install', '--no-audit', '--no-fund', '--loglevel=error');
  }, 600_000);

  it('contain no other handlers, and one copy of core', () => {
    const installed = readdirSync(join(project, 'node_modules', '@ihandler')).sort();
    expect(installed).toEqual(['attack-log', 'core', 'dionaea', 'host', 'http', 'log-sqlite', 'source-kit']);
    const locked = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'));
    const paths = Object.keys(locked.packages).filter((path) => path.endsWith('node_modules/@ihandler/core'));
    expect(paths).toEqual(['node_modules/@ihandler/core']);
  });

  it('are listed by `ihandler list`', () => {
    const listed = runIn(project, 'npx', 'ihandler', 'list', '--json');
    expect(JSON.stringify(JSON.parse(listed))).toContain('log-sqlite');
  });

  it('import a recording and print the tree of the attack exactly as in the manual of dionaea', () => {
    copyFileSync(join(recordings, 'seed-attack.ndjson'), join(project, 'recording.ndjson'));
    writeFileSync(
      join(project, 'ihandler.yaml'),
      'data: ./data\nihandlers:\n  - name: log-sqlite\n    config: { file: ./attacks.sqlite }\n',
    );
    runIn(project, 'npx', 'ihandler', 'import', '-c', 'ihandler.yaml', 'recording.ndjson');
    expect(existsSync(join(project, 'attacks.sqlite'))).toBe(true);
    const tree = ['tree', 'attacks.sqlite', '--connection', '610', '--format', 'manual'];
    expect(runIn(project, 'npx', 'ihandler', ...tree)).toBe(
      readFileSync(join(recordings, 'seed-attack.manual.txt'), 'utf8'),
    );
  });
});
