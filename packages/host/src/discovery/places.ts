import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { readWholeFile } from '@ihandler/core/kit';

/** A folder's node_modules and those of the folders around it, nearest first, as Node looks for packages. */
export function nodeModulesAround(place: string): readonly string[] {
  const folders: string[] = [];
  for (let at = place; ; at = dirname(at)) {
    folders.push(join(at, 'node_modules'));
    if (dirname(at) === at) return folders;
  }
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // missing
  }
}

function nameOf(file: string): string | undefined {
  try {
    const json: unknown = JSON.parse(readWholeFile(file).toString('utf8'));
    const name = typeof json === 'object' && json !== null ? Reflect.get(json, 'name') : undefined;
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined; // not a package
  }
}

/** The package that a folder belongs to. */
function packageAround(folder: string): { readonly root: string; readonly name: string } | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, 'package.json');
    const name = existsSync(file) ? nameOf(file) : undefined;
    if (name !== undefined) return { root: at, name };
    if (dirname(at) === at) return undefined;
  }
}

/**
 * The node_modules folders around the working directory, apart by whether the program in `prefix` is installed there: then
 * the user is in the project that installed it. The program may be linked there, as by pnpm or `npm link`.
 */
export function projectFolders(
  cwd: string,
  prefix: string,
): { readonly own: readonly string[]; readonly others: readonly string[] } {
  const real = realOf(prefix) ?? prefix;
  const program = packageAround(real);
  const holds = (nodeModules: string) => {
    const folder = realOf(nodeModules);
    if (folder === undefined) return false;
    if (real.startsWith(`${folder}${sep}`)) return true;
    return program !== undefined && realOf(join(folder, program.name)) === program.root;
  };
  const around = nodeModulesAround(cwd);
  return { own: around.filter(holds), others: around.filter((folder) => !holds(folder)) };
}
