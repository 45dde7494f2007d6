import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeError, IhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import { statusOf } from '../file-status.ts';
import type { InstalledPackage } from './find-packages.ts';

/** The exports of a module, not validated yet. */
export type Module = Readonly<Record<string, unknown>>;

/** The largest file of code, in bytes. A pipe or a device would never end. */
const LARGEST = 64 * 2 ** 20;

/** The conditions of `exports`, beside those that Node was started with. */
const conditions = ['node', 'import', 'module-sync', 'default'];

/** The target of an `exports` value (https://nodejs.org/api/packages.html#conditional-exports): the first condition that holds. */
function targetOf(value: unknown, holds: ReadonlySet<string>): string | undefined {
  if (typeof value === 'string') return value;
  if (Array.isArray(value))
    return value.map((item) => targetOf(item, holds)).find((found) => found !== undefined);
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [condition, inner] of Object.entries(value)) {
    const found = holds.has(condition) ? targetOf(inner, holds) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function entryPoint({ entryPoints }: InstalledPackage, subpath: string, holds: ReadonlySet<string>) {
  const { exports, main } = entryPoints;
  if (exports === undefined)
    return subpath === '.' ? (typeof main === 'string' ? main : 'index.js') : subpath;
  const bySubpath =
    typeof exports === 'object' &&
    exports !== null &&
    Object.keys(exports).some((key) => key.startsWith('.'));
  if (!bySubpath) return subpath === '.' ? targetOf(exports, holds) : undefined;
  const own = Object.entries(exports).find(([key]) => key === subpath);
  return own && targetOf(own[1], holds);
}

/** The file behind an export of a package; undefined when the package has no such export. */
export function resolveExport(
  installed: InstalledPackage,
  subpath: string,
  extraConditions: readonly string[] = [],
): string | undefined {
  const target = entryPoint(installed, subpath, new Set([...extraConditions, ...conditions]));
  return target === undefined ? undefined : join(installed.folder, target);
}

/** Why a module cannot be imported, for the message behind the name of its file. */
function whyNotLoaded(error: unknown, file: string): string {
  // The error does not say where in the file.
  if (error instanceof SyntaxError)
    return `it is not valid JavaScript: ${error.message}; to see where: node --check ${JSON.stringify(file)}`;
  switch (errorCode(error)) {
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return 'it is not a JavaScript file: expected a name that ends in .js or .mjs';
    case 'ERR_MODULE_NOT_FOUND':
      return `${describeError(error)}: check the path, or install the package`;
    default:
      return describeError(error);
  }
}

/** Imports a file by its absolute path. Throws `HANDLER_INVALID`, which names `owner`, when it is missing or throws. */
export async function importFile(file: string, owner: string): Promise<Module> {
  const stats = statusOf(file);
  if (stats === undefined)
    throw new IhandlerError('HANDLER_INVALID', `${owner}: the file ${file} does not exist.`);
  if (!stats.isFile() || stats.size > LARGEST)
    throw new IhandlerError(
      'HANDLER_INVALID',
      `${owner}: cannot load ${file}: expected a regular file of at most 64 MiB.`,
    );
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    throw new IhandlerError(
      'HANDLER_INVALID',
      `${owner}: cannot load ${file}: ${whyNotLoaded(error, file)}`,
      {
        cause: error,
      },
    );
  }
}

/** The file behind an export of a package. Throws `HANDLER_INVALID`, naming package and version, when there is none. */
export function exportFile(
  installed: InstalledPackage,
  subpath: string,
  extraConditions?: readonly string[],
): string {
  const file = resolveExport(installed, subpath, extraConditions);
  if (file !== undefined) return file;
  const { name, version } = installed;
  throw new IhandlerError(
    'HANDLER_INVALID',
    `${name} ${version}: its package.json does not export ${subpath}.`,
  );
}

/** Imports an export of a package. Throws `HANDLER_INVALID`, naming package and version, when it cannot. */
export async function importExport(
  installed: InstalledPackage,
  subpath: string,
  extraConditions?: readonly string[],
): Promise<Module> {
  const file = exportFile(installed, subpath, extraConditions);
  return importFile(file, `${installed.name} ${installed.version}`);
}
