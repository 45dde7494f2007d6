import { cpSync, existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { published, root, type WorkspacePackage } from '../workspace.ts';

/** A package of somebody else, as the workspace has it. */
function foreign(name: string): string | undefined {
  const folders = [root, ...published.map(({ path }) => path)].map((path) =>
    join(path, 'node_modules', name),
  );
  const found = folders.find((folder) => existsSync(folder));
  return found && realpathSync(found);
}

/** Whether the workspace has a package: its own, or one that it depends on. */
export function isAvailable(name: string): boolean {
  return published.some(({ json }) => json.name === name) || foreign(name) !== undefined;
}

/** What npm brings with a package: what it depends on, and its peers but the optional ones. */
function brought({ json }: WorkspacePackage): readonly string[] {
  const peers = Object.keys(json.peerDependencies ?? {});
  const needed = peers.filter((name) => json.peerDependenciesMeta?.[name]?.optional !== true);
  return [...Object.keys(json.dependencies ?? {}), ...needed];
}

function link(folder: string, name: string): void {
  const source = foreign(name);
  if (source === undefined) throw new Error(`There is no package ${name} in the workspace.`);
  const target = join(folder, 'node_modules', name);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(source, target, 'junction');
}

/** Puts one of our packages into a folder's node_modules, as npm would get it; answers which others of ours it brings. */
function copy(folder: string, own: WorkspacePackage): readonly string[] {
  const target = join(folder, 'node_modules', own.json.name);
  if (existsSync(target)) return [];
  if (!existsSync(join(own.path, 'dist')))
    throw new Error(`${own.folder} is not built: run "npm run build".`);
  for (const file of ['package.json', ...(own.json.files ?? [])])
    cpSync(join(own.path, file), join(target, file), { recursive: true });
  const names = brought(own);
  const ours = names.filter((name) => published.some(({ json }) => json.name === name));
  // Below the package itself, out of reach of examples: what they import they must have installed.
  for (const name of names) if (!ours.includes(name)) link(target, name);
  return ours;
}

/**
 * Puts packages into a folder's node_modules, as `npm install` would: of ours the built files, and what they bring; of
 * others a link to what the workspace has. Anything else is an error.
 */
export function install(folder: string, names: readonly string[]): void {
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const own = published.find(({ json }) => json.name === name);
    if (own === undefined) link(folder, name);
    else waiting.push(...copy(folder, own));
  }
}

/** The packages that a command line installs; undefined for any other command. */
export function installedBy(command: string): readonly string[] | undefined {
  return /^npm install (?:(?:--save-dev|-D) )?([^-].*)$/.exec(command)?.[1]?.split(/\s+/);
}
