import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../temporary-folder.mjs';
import { buildable, builtPackages } from './built-packages.mjs';

let root: string;
let dependencies = 'lockfile 1';

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function putPackage(folder: string, json: object): void {
  put(`${folder}/package.json`, JSON.stringify(json));
  put(`${folder}/src/index.ts`, 'export {};\n');
}

const changed = () => checkout().changed(buildable(root));
const checkout = () => builtPackages(root, { stamp: join(root, 'stamp'), dependencies });

beforeEach(() => {
  root = mkdtempSync(join(temporaryFolder(), 'built-'));
  dependencies = 'lockfile 1';
  const scripts = { build: 'tsup' };
  putPackage('packages/core', { name: 'core', scripts });
  putPackage('packages/log', { name: 'log', scripts, peerDependencies: { core: '^1' } });
  putPackage('packages/other', { name: 'other', scripts, dependencies: { core: '^1' } });
  putPackage('packages/bundled', { name: 'bundled', private: true });
  putPackage('apps/demo', { name: 'demo', private: true, dependencies: { log: '^1', zod: '^4' } });
  const folders = buildable(root);
  const before = checkout().sources(folders);
  for (const folder of folders) put(`${folder}/dist/index.js`, 'export {};\n');
  checkout().record(before);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

it('The demo needs the packages it depends on, not the others', () => {
  expect(buildable(root, 'demo').sort()).toEqual(['packages/core', 'packages/log']);
  expect(buildable(root).sort()).toEqual(['packages/core', 'packages/log', 'packages/other']);
});

it('Nothing must be built when nothing changed', () => {
  expect(changed()).toEqual([]);
});

it.each<[string, () => void]>([
  ['an edited source', () => put('packages/log/src/index.ts', 'export const a = 1;\n')],
  ['a new source', () => put('packages/log/src/deep/new.ts', '')],
  ['a deleted source', () => rmSync(join(root, 'packages/log/src/index.ts'))],
  ['an edited package.json', () => put('packages/log/package.json', '{"name":"log","scripts":{"build":""}}')],
  ['a deleted output', () => rmSync(join(root, 'packages/log/dist/index.js'))],
  ['a deleted folder of outputs', () => rmSync(join(root, 'packages/log/dist'), { recursive: true })],
  [
    'an output of another build',
    () => utimesSync(join(root, 'packages/log/dist/index.js'), new Date(0), new Date(0)),
  ],
  [
    'a source that git checkout wrote again, of the same size',
    () => utimesSync(join(root, 'packages/log/src/index.ts'), new Date(), new Date(Date.now() + 1000)),
  ],
])('A package is built again after %s, and the others are not', (_, change) => {
  change();
  expect(changed()).toEqual(['packages/log']);
});

it('Tests and their support code change no build', () => {
  put('packages/log/src/index.test.ts', '');
  put('packages/log/src/testing/world.ts', '');
  expect(changed()).toEqual([]);
});

it('All packages are built again after a change of a bundled package, the build options, the dependencies or the stamp', () => {
  const all = buildable(root);
  put('tsup.base.ts', 'export {};');
  expect(changed()).toEqual(all);
  checkout().record(checkout().sources(all));
  put('packages/bundled/src/index.ts', 'export const changed = 1;\n');
  expect(changed()).toEqual(all);
  checkout().record(checkout().sources(all));
  dependencies = 'lockfile 2';
  expect(changed()).toEqual(all);
  checkout().record(checkout().sources(all));
  expect(changed()).toEqual([]);
  writeFileSync(join(root, 'stamp'), readFileSync(join(root, 'stamp'), 'utf8').slice(0, 20));
  expect(changed()).toEqual(all);
});

it('A source that changes during the build is built again', () => {
  const folders = ['packages/log'];
  const before = checkout().sources(folders);
  put('packages/log/src/index.ts', 'export const during = 1;\n');
  checkout().record(before);
  expect(changed()).toEqual(folders);
});
