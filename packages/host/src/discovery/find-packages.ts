import { type Dirent, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CONTRACT, escapeControls, type Manifest, manifestSchema } from '@ihandler/core';

/** A package with a valid manifest. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** Its own folder, links resolved. */
  readonly folder: string;
  /** The node_modules folder it was found in. */
  readonly foundIn: string;
  readonly manifest: Manifest;
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

/** A folder's node_modules and those of the folders around it, nearest first, as Node looks for packages. */
function nodeModulesAround(place: string): string[] {
  const folders: string[] = [];
  for (let at = place; ; at = dirname(at)) {
    folders.push(join(at, 'node_modules'));
    if (dirname(at) === at) return folders;
  }
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
    const parsed: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
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
  const entryPoints = { exports: json['exports'], main: json['main'] };
  return { name, version, folder: realpathSync(folder), foundIn, manifest, entryPoints };
}

/**
 * Finds the packages with the keyword `ihandler` and a manifest, without running their code: in the node_modules of each
 * place and of the folders around it. The first package of a name counts. Packages that cannot be used are in the result,
 * with the reason. A package with the keyword but without the field `ihandler` (core, libraries) contributes nothing.
 */
export function findPackages(places: readonly string[]): Installed {
  const packages: InstalledPackage[] = [];
  const unusable: UnusablePackage[] = [];
  const named = new Set<string>();
  for (const nodeModules of new Set(places.flatMap(nodeModulesAround)))
    for (const folder of packageFolders(nodeModules)) {
      const found = packageAt(folder, nodeModules);
      if (found === undefined || named.has(found.name)) continue;
      named.add(found.name);
      if ('problem' in found) unusable.push(found);
      else packages.push(found);
    }
  return { packages, unusable };
}
