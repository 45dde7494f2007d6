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

/** What npm brings with a package: what it depends on, and its peers but the optional ones. */
function brought({ json }: WorkspacePackage): readonly string[] {
  const peers = Object.keys(json.peerDependencies ?? {});
  const needed = peers.filter((name) => json.peerDependenciesMeta?.[name]?.optional !== true);
  return [...Object.keys(json.dependencies ?? {}), ...needed];
}

/**
 * Puts packages into a folder's node_modules, as `npm install` would: of ours the built files that npm would get, flat,
 * with all that they bring; of others a link. What the workspace does not have is an error.
 */
export function install(folder: string, names: readonly string[]): void {
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const target = join(folder, 'node_modules', name);
    if (existsSync(target)) continue;
    mkdirSync(dirname(target), { recursive: true });
    const own = published.find(({ json }) => json.name === name);
    if (own === undefined) {
      const source = foreign(name);
      if (source === undefined) throw new Error(`There is no package ${name} in the workspace.`);
      symlinkSync(source, target, 'junction');
      continue;
    }
    if (!existsSync(join(own.path, 'dist')))
      throw new Error(`${own.folder} is not built: run "npm run build".`);
    for (const file of ['package.json', ...(own.json.files ?? [])])
      cpSync(join(own.path, file), join(target, file), { recursive: true });
    waiting.push(...brought(own));
  }
}
