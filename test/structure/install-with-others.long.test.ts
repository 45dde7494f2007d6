import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type PrebuiltSqlite, prebuiltSqlite } from '../../scripts/prebuilt-sqlite.mjs';
import { freshEnvironment } from '../support/fresh-environment.ts';
import { type PackedPackage, pack } from '../support/packed.ts';
import { readPackageJson, root } from '../support/workspace.ts';

vi.setConfig({ testTimeout: 600_000 });

const recordings = join(root, 'test', 'recordings');
const chosen = ['ihandler', '@ihandler/dionaea', '@ihandler/log-sqlite'];
/** The packages of ours that these need. Nothing is published yet, so they come from tarballs too. */
const needed = [
  '@ihandler/core',
  '@ihandler/host',
  '@ihandler/attack-log',
  '@ihandler/http',
  '@ihandler/source-kit',
];

let folder: string;
let packed: readonly PackedPackage[];
let sqlite: PrebuiltSqlite;

type Json = Readonly<Record<string, unknown>>;

/** A package manager: how to call it, and what its users write besides the dependencies. */
interface Manager {
  readonly command: readonly string[];
  /** Files of a project, by name. `overrides` are where packages come from that are not in a registry. */
  files(overrides: Json): Readonly<Record<string, string>>;
  readonly manifest?: (overrides: Json) => Json;
  /** What README.md says, so that the install script of SQLite runs: changes these files. */
  readonly allow?: (project: string, overrides: Json) => void;
}

const tools = (): string => join(folder, 'tools', 'node_modules');
const yarnOptions = 'enableTelemetry: false\nenableGlobalCache: false\nnpmMinimalAgeGate: 0\n';

const managers: Readonly<Record<string, () => Manager>> = {
  pnpm: () => {
    const settings = (overrides: Json, more: Json = {}) =>
      JSON.stringify({ overrides, minimumReleaseAge: 0, ...more });
    return {
      command: [join(root, '.tools', readPackageJson(root).packageManager ?? '', 'node_modules/.bin/pnpm')],
      files: (overrides) => ({ 'pnpm-workspace.yaml': settings(overrides) }),
      allow: (project, overrides) =>
        writeFileSync(
          join(project, 'pnpm-workspace.yaml'),
          settings(overrides, { allowBuilds: { 'better-sqlite3': true } }),
        ),
    };
  },
  'Yarn 1': () => ({
    command: [process.execPath, join(tools(), 'yarn/bin/yarn.js')],
    files: () => ({}),
    manifest: (resolutions) => ({ resolutions }),
  }),
  'Yarn 4': () => ({
    command: [process.execPath, join(tools(), '@yarnpkg/cli-dist/bin/yarn.js')],
    files: () => ({ 'yarn.lock': '', '.yarnrc.yml': `nodeLinker: node-modules\n${yarnOptions}` }),
    manifest: (resolutions) => ({ resolutions }),
    allow: (project) => {
      const file = join(project, 'package.json');
      const json = JSON.parse(readFileSync(file, 'utf8'));
      writeFileSync(
        file,
        JSON.stringify({ ...json, dependenciesMeta: { 'better-sqlite3': { built: true } } }),
      );
    },
  }),
};

/** Why Yarn cannot be had; undefined when it is installed. */
let withoutYarn: string | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'others-'));
  packed = pack(folder, [...chosen, ...needed]);
  mkdirSync(join(folder, 'prebuilt'));
  sqlite = prebuiltSqlite(join(folder, 'prebuilt'));
  try {
    const options = ['--prefix', join(folder, 'tools'), '--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', ['install', ...options, 'yarn@1', '@yarnpkg/cli-dist@4'], { stdio: 'pipe' });
  } catch (error) {
    withoutYarn = `npm cannot install Yarn: ${String(error)}`;
  }
}, 600_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(Object.keys(managers))('with %s in an empty folder', (name) => {
  it("the README's installation works, and SQLite without its native part names the command that fixes it", ({
    skip,
  }) => {
    if (name.startsWith('Yarn') && withoutYarn !== undefined) skip(withoutYarn);
    const manager = managers[name]?.();
    if (manager === undefined) throw new Error(`Expected a package manager, found ${name}.`);
    const [command = '', ...first] = manager.command;
    const project = join(folder, `project-${name.replace(' ', '-')}`);
    const run = (...args: readonly string[]) => {
      const options = { cwd: project, env: freshEnvironment(sqlite), encoding: 'utf8' } as const;
      const { status, stdout, stderr } = spawnSync(command, [...first, ...args], options);
      return { status, output: stdout + stderr, stdout };
    };
    const app = (...args: readonly string[]) =>
      spawnSync(process.execPath, [join(project, 'node_modules/ihandler/dist/main.js'), ...args], {
        cwd: project,
        env: freshEnvironment(sqlite),
        encoding: 'utf8',
      });
    const file = (other: string) => `file:${packed.find((item) => item.name === other)?.tarball}`;
    const overrides = {
      ...Object.fromEntries([...chosen, ...needed].map((other) => [other, file(other)])),
      'better-sqlite3': sqlite.version,
    };
    mkdirSync(project);
    const dependencies = Object.fromEntries(chosen.map((other) => [other, file(other)]));
    const manifest = { private: true, dependencies, ...manager.manifest?.(overrides) };
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
    for (const [path, content] of Object.entries(manager.files(overrides)))
      writeFileSync(join(project, path), content);
    writeFileSync(
      join(project, 'c.yaml'),
      'data: ./data\nihandlers:\n  - name: log-sqlite\n    config: { file: ./attacks.sqlite }\n',
    );
    copyFileSync(join(recordings, 'seed-attack.ndjson'), join(project, 'recording.ndjson'));

    const installed = run('install');
    if (manager.allow !== undefined) {
      const checked = app('check', '-c', 'c.yaml');
      expect(checked.stderr, installed.output).toMatch(
        /the native part of better-sqlite3 is missing.*rebuild better-sqlite3/,
      );
      expect(checked.stderr).toContain(project);
      manager.allow(project, overrides);
      const again = run('install');
      expect(again.status, again.output).toBe(0);
    } else expect(installed.status, installed.output).toBe(0);

    const imported = app('import', '-c', 'c.yaml', 'recording.ndjson');
    expect(imported.status, imported.stderr).toBe(0);
    expect(app('tree', 'attacks.sqlite', '--connection', '610', '--format', 'manual').stdout).toBe(
      readFileSync(join(recordings, 'seed-attack.manual.txt'), 'utf8'),
    );
  });
});
