import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

type Entry = { readonly [condition: string]: string } | string;

/** The fields of a package.json that these tests read. */
export interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly packageManager?: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly license?: string;
  readonly type?: string;
  readonly sideEffects?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, Entry>>;
  readonly files?: readonly string[];
  readonly engines?: { readonly node?: string };
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly publishConfig?: { readonly access?: string; readonly exports?: Readonly<Record<string, Entry>> };
  readonly repository?: { readonly type?: string; readonly url?: string; readonly directory?: string };
  readonly ihandler?: unknown;
}

/** A package of the workspace. */
export interface WorkspacePackage {
  /** Relative to the root, with slashes: `packages/core`. */
  readonly folder: string;
  readonly path: string;
  readonly json: PackageJson;
  /**
   * Which way its arrows may point: an app, a library, a plugin and a bundled package to core; a library and a plugin to
   * bundled packages too, a plugin to libraries. The creator imports none; it knows the versions of all. A bundled package is private: the build copies it into its users.
   */
  readonly role: 'app' | 'bundled' | 'core' | 'creator' | 'demo' | 'host' | 'library' | 'plugin';
}

/** What several plugins share without knowing each other, to build on or to test with; everything else beside core is a plugin. */
const libraries = ['@ihandler/attack-log', '@ihandler/http', '@ihandler/source-kit', '@ihandler/testkit'];

function roleOf(group: string, json: PackageJson): WorkspacePackage['role'] {
  if (group === 'apps') return json.private === true ? 'demo' : 'app';
  if (json.name === '@ihandler/core') return 'core';
  if (json.private === true) return 'bundled';
  if (json.name === '@ihandler/host') return 'host';
  if (json.name === 'create-ihandler') return 'creator';
  return libraries.includes(json.name) ? 'library' : 'plugin';
}

/** Reads a package.json as it is. */
export function readPackageJson(folder: string): PackageJson {
  // The tests check the fields.
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson;
}

/** Every package of the workspace except its root. */
export const packages: readonly WorkspacePackage[] = ['packages', 'apps'].flatMap((group) =>
  readdirSync(join(root, group))
    .filter((name) => existsSync(join(root, group, name, 'package.json')))
    .map((name) => {
      const path = join(root, group, name);
      const json = readPackageJson(path);
      return { folder: `${group}/${basename(path)}`, path, json, role: roleOf(group, json) };
    }),
);

/** The published packages. */
export const published = packages.filter(({ json }) => json.private !== true);

/** Every file that is in git, or would be with `git add .`: relative to the root, with slashes. */
export function filesInGit(): readonly string[] {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const names = execFileSync('git', list, { cwd: root, encoding: 'utf8' }).split('\0');
  return [...new Set(names)].filter((name) => name !== '' && existsSync(join(root, name)));
}
