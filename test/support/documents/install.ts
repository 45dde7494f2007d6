import { cpSync, existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { published, root, type WorkspacePackage } from '../workspace.ts';

/** A third-party package of the workspace. */
function foreign(name: string): string | undefined {
  const folders = [root, ...published.map(({ path }) => path)].map((path) =>
    join(path, 'node_modules', name),
  );
  const found = folders.find((folder) => existsSync(folder));
  return found && realpathSync(found);
}

/** Whether the workspace has a package: one of ours, or a dependency. */
export function isAvailable(name: string): boolean {
  return published.some(({ json }) => json.name === name) || foreign(name) !== undefined;
}

/** The packages that npm installs with a package: its dependencies, and its peers except optional ones. */
function brought({ json }: WorkspacePackage): readonly string[] {
  const peers = Object.keys(json.peerDependencies ?? {});
  const needed = peers.filter((name) => json.peerDependenciesMeta?.[name]?.optional !== true);
  return [...Object.keys(json.dependencies ?? {}), ...needed];
}

function link(folder: string, name: string): void {
  const source = foreign(name);
  if (source === undefined) throw new Error(`The workspace does not have the package ${name}.`);
  const target = join(folder, 'node_modules', name);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(source, target, 'junction');
}

/** Copies one of our packages, as published, into a folder's node_modules. Returns its dependencies that are ours too. */
function copy(folder: string, own: WorkspacePackage): readonly string[] {
  const target = join(folder, 'node_modules', own.json.name);
  if (existsSync(target)) return [];
  if (!existsSync(join(own.path, 'dist')))
    throw new Error(`${own.folder} is not built: run "npm run build".`);
  for (const file of ['package.json', ...(own.json.files ?? [])])
    cpSync(join(own.path, file), join(target, file), { recursive: true });
  const names = brought(own);
  const ours = names.filter((name) => published.some(({ json }) => json.name === name));
  // Below the package itself, so that examples can import only packages that they install.
  for (const name of names) if (!ours.includes(name)) link(target, name);
  return ours;
}

/**
 * Puts packages into a folder's node_modules, like `npm install`: our packages as built files with their dependencies, others as
 * links to those of the workspace. Unknown packages are an error.
 */
export function install(folder: string, names: readonly string[]): void {
  const pending = [...names];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const own = published.find(({ json }) => json.name === name);
    if (own === undefined) link(folder, name);
    else pending.push(...copy(folder, own));
  }
}

/** The packages that a command line installs, or undefined for other commands. */
export function installedBy(command: string): readonly string[] | undefined {
  return /^npm install (?:(?:--save-dev|-D) )?([^-].*)$/.exec(command)?.[1]?.split(/\s+/);
}
