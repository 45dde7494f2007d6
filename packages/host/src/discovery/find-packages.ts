import { type Dirent, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  CONTRACT,
  describeError,
  escapeControls,
  IhandlerError,
  type Manifest,
  manifestSchema,
  type OriginsFile,
} from '@ihandler/core';
import { readWholeFile } from '@ihandler/core/kit';
import { parseOrigins } from '../origins/parse-origins.ts';
import { nodeModulesAround, projectFolders } from './places.ts';
import { createTrust, type Trust } from './trust.ts';

/** A package with a valid manifest. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** Its own folder, links resolved. */
  readonly folder: string;
  /** The node_modules folder it was found in. */
  readonly foundIn: string;
  readonly manifest: Manifest;
  /** The origins that it declares, if it declares any. */
  readonly origins?: OriginsFile;
  /** The `exports` and `main` of its package.json, as written. */
  readonly entryPoints: { readonly exports?: unknown; readonly main?: unknown };
}

/** A package that has the keyword but cannot be used. */
export interface UnusablePackage {
  readonly name: string;
  readonly version: string;
  /** Why, for people; names the package and its version. */
  readonly problem: string;
}

/** The packages found, in the order of the places. */
export interface Installed {
  readonly packages: readonly InstalledPackage[];
  readonly unusable: readonly UnusablePackage[];
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // A missing or unreadable folder has no packages for this user.
    return [];
  }
}

function isPackageEntry(entry: Dirent): boolean {
  return !entry.name.startsWith('.') && (entry.isDirectory() || entry.isSymbolicLink());
}

function packageFolders(nodeModules: string): string[] {
  return entriesOf(nodeModules)
    .filter(isPackageEntry)
    .flatMap(({ name }) =>
      name.startsWith('@')
        ? entriesOf(join(nodeModules, name))
            .filter(isPackageEntry)
            .map((inner) => join(nodeModules, name, inner.name))
        : [join(nodeModules, name)],
    )
    .sort();
}

type PackageJson = Readonly<Record<string, unknown>>;

function readPackageJson(folder: string): PackageJson | undefined {
  try {
    const parsed: unknown = JSON.parse(readWholeFile(join(folder, 'package.json')).toString('utf8'));
    // Safe: a non-null object may be read by any key, and every value read from it is checked.
    return typeof parsed === 'object' && parsed !== null ? (parsed as PackageJson) : undefined;
  } catch {
    // Without a valid package.json, the folder is not a package.
    return undefined;
  }
}

function hasKeyword({ keywords }: PackageJson): boolean {
  return Array.isArray(keywords) && keywords.includes('ihandler');
}

function problemOf(json: PackageJson): string {
  const field = json['ihandler'];
  const contract =
    typeof field === 'object' && field !== null && 'contract' in field ? field.contract : undefined;
  if (contract !== undefined && contract !== CONTRACT)
    return `is made for contract ${JSON.stringify(contract)}, but this program supports contract ${CONTRACT}: install a matching version of either`;
  const issues = manifestSchema.safeParse(field).error?.issues ?? [];
  const problems = issues.map(({ path, message }) => `ihandler.${path.map(String).join('.')}: ${message}`);
  return `has an invalid manifest, which its author must fix: ${problems.join('; ')}`;
}

/** The origins that a package declares, or why they cannot be read. */
function readOrigins(folder: string, file: string): OriginsFile | string {
  try {
    return parseOrigins(readWholeFile(join(folder, file)).toString('utf8'));
  } catch (error) {
    return `cannot be read: ${describeError(error)}`;
  }
}

/**
 * The package in a folder, without running any code of it; undefined when there is none, or none with a field `ihandler`.
 * `foundIn` is where it was looked for.
 */
export function packageAt(folder: string, foundIn: string): InstalledPackage | UnusablePackage | undefined {
  const json = readPackageJson(folder);
  if (json === undefined || !hasKeyword(json) || json['ihandler'] === undefined) return undefined;
  const name = escapeControls(String(json['name']));
  const version = escapeControls(String(json['version']));
  const { data: manifest } = manifestSchema.safeParse(json['ihandler']);
  if (manifest === undefined)
    return { name, version, problem: escapeControls(`${name} ${version} ${problemOf(json)}`) };
  const origins = manifest.origins === undefined ? undefined : readOrigins(folder, manifest.origins);
  if (typeof origins === 'string')
    return {
      name,
      version,
      problem: escapeControls(`${name} ${version}: its ${manifest.origins} ${origins}`),
    };
  const entryPoints = { exports: json['exports'], main: json['main'] };
  const found = { name, version, folder: realpathSync(folder), foundIn, manifest, entryPoints };
  return origins === undefined ? found : { ...found, origins };
}

/** Where packages are looked for, and whose code is loaded. */
export interface SearchOptions {
  /** @default everybody's */
  readonly trust?: Trust;
  /** The node_modules folders whose packages are only named, with the reason why they are not used. */
  readonly unused?: readonly string[];
}

/**
 * Finds the packages with the keyword `ihandler` and a manifest, without running their code: in node_modules folders. The
 * first package of a name counts that may be loaded. Packages that cannot be used are in the result, with the reason. A
 * package with the keyword but without the field `ihandler` (core, libraries) contributes nothing.
 */
export function searchFolders(
  folders: readonly string[],
  { trust = () => undefined, unused = [] }: SearchOptions = {},
): Installed {
  const packages: InstalledPackage[] = [];
  const unusable: UnusablePackage[] = [];
  const named = new Set<string>();
  const refuse = (found: InstalledPackage, reason: string) => {
    const { name, version } = found;
    const problem = `${name} ${version} in ${found.foundIn} is not loaded: ${reason}`;
    unusable.push({ name, version, problem: escapeControls(problem) });
  };
  for (const nodeModules of new Set(folders))
    for (const folder of packageFolders(nodeModules)) {
      const found = packageAt(folder, nodeModules);
      if (found === undefined || named.has(found.name)) continue;
      const distrusted = trust(folder);
      if (distrusted !== undefined) {
        if (!('problem' in found)) refuse(found, distrusted);
        continue;
      }
      named.add(found.name);
      if ('problem' in found) unusable.push(found);
      else packages.push(found);
    }
  for (const nodeModules of unused)
    for (const folder of packageFolders(nodeModules)) {
      const found = packageAt(folder, nodeModules);
      if (found === undefined || 'problem' in found || named.has(found.name)) continue;
      named.add(found.name);
      refuse(
        found,
        'this program is not installed there. To use it, install ihandler in that project, or name a configuration in its folder (-c)',
      );
    }
  return { packages, unusable };
}

/** The packages in the node_modules of each place and of the folders around it, the nearest first. */
export function findPackages(places: readonly string[]): Installed {
  return searchFolders(places.flatMap(nodeModulesAround));
}

/** What finding the installed packages needs of the world. */
export interface SearchWorld {
  readonly cwd: string;
  readonly prefix: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Finds the installed packages: around the configuration `file`, in the project of the working directory if it has installed
 * this program, and around the program. None is used from a folder that others may write or own, see {@link createTrust}.
 * Throws `HANDLER_INVALID` under Yarn Plug'n'Play, which keeps packages in archives.
 */
export function findInstalled(world: SearchWorld, file?: string): Installed {
  const { cwd, prefix, env } = world;
  if (/\.pnp\.c?js/.test(env['NODE_OPTIONS'] ?? ''))
    throw new IhandlerError(
      'HANDLER_INVALID',
      'Yarn Plug\'n\'Play is not supported: put "nodeLinker: node-modules" into .yarnrc.yml, and run yarn install.',
    );
  const { own, others } = projectFolders(cwd, prefix);
  const beside = file === undefined ? [] : nodeModulesAround(dirname(resolve(cwd, file)));
  const folders = [...beside, ...own, ...nodeModulesAround(prefix)];
  const unused = others.filter((folder) => !folders.includes(folder));
  return searchFolders(folders, { trust: createTrust(world), unused });
}
