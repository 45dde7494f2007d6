// Which packages must be built. It compares sizes and times of sources and outputs with those of the last build, because that
// takes milliseconds. `git checkout`, an edit and a deletion change them.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** The folders in `packages` and `apps`, relative to the root of the checkout, with their package.json. */
function workspacePackages(root) {
  return ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => ({ folder: join(group, name), path: join(root, group, name, 'package.json') }))
      .filter(({ path }) => statSync(path, { throwIfNoEntry: false }) !== undefined)
      .map(({ folder, path }) => ({ folder, json: readJson(path) })),
  );
}

/** The folders of packages that have a build: all, or those that the package `of` depends on. */
export function buildable(root, of) {
  const packages = workspacePackages(root);
  const wanted = new Set();
  const add = (name) => {
    const found = packages.find(({ json }) => json.name === name);
    if (found === undefined || wanted.has(found)) return;
    wanted.add(found);
    for (const dependency of Object.keys({ ...found.json.dependencies, ...found.json.peerDependencies }))
      add(dependency);
  };
  for (const { json } of packages) if (of === undefined || json.name === of) add(json.name);
  return [...wanted].filter(({ json }) => json.scripts?.build !== undefined).map(({ folder }) => folder);
}

/** A line for each file below a path: its name, size and time. Files of tests are not part of a build. */
function* fileLines(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isDirectory()) yield `${path} ${stats.size} ${stats.mtimeMs}`;
  else
    for (const name of readdirSync(path).sort())
      if (name !== 'testing' && !name.endsWith('.test.ts')) yield* fileLines(join(path, name));
}

function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) for (const line of fileLines(path)) hash.update(`${line}\n`);
  return hash.digest('hex');
}

/**
 * Compares a checkout with its last build. `stamp` is the file that describes the last build, `dependencies` identifies the
 * installed dependencies.
 */
export function builtPackages(root, { stamp, dependencies }) {
  // Private packages are bundled into those that use them.
  const bundled = workspacePackages(root).filter(
    ({ folder, json }) => json.private && folder.startsWith('packages'),
  );
  const shared = hashOf(
    ['tsconfig.base.json', 'tsup.base.ts', ...bundled.map(({ folder }) => join(folder, 'src'))].map((path) =>
      join(root, path),
    ),
  );
  const sources = (folder) =>
    `${dependencies} ${shared} ${hashOf(['src', 'package.json', 'tsup.config.ts'].map((name) => join(root, folder, name)))}`;
  const outputs = (folder) => hashOf([join(root, folder, 'dist')]);
  const read = () => {
    try {
      return readJson(stamp);
    } catch {
      // The build is missing, or the file was damaged: everything counts as changed.
      return {};
    }
  };
  return {
    /** The sources of these packages as they are now, for {@link record} after the build. */
    sources: (folders) => Object.fromEntries(folders.map((folder) => [folder, sources(folder)])),
    /** Those of the packages that changed since the last build, or whose output did. */
    changed(folders) {
      const last = read();
      return folders.filter((folder) => last[folder] !== `${sources(folder)} ${outputs(folder)}`);
    },
    /** Remembers a build of these sources. */
    record(before) {
      const now = Object.entries(before).map(([folder, hash]) => [folder, `${hash} ${outputs(folder)}`]);
      writeFileSync(stamp, JSON.stringify({ ...read(), ...Object.fromEntries(now) }));
    },
  };
}
