import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type PackageJson, published, readPackageJson, root } from './workspace.ts';

/** A package as npm would get it. */
export interface PackedPackage {
  readonly name: string;
  /** The path of the tarball. */
  readonly tarball: string;
  /** The package.json in it: what pnpm made of workspace: and catalog:. */
  readonly json: PackageJson;
  /** Every path in it, without the leading `package/`. */
  readonly files: readonly string[];
}

/** Runs a tool of the workspace, wherever the tests were started from. */
function tool(command: string, args: readonly string[], cwd: string): void {
  const { packageManager } = readPackageJson(root);
  const folders = [
    join('.tools', packageManager ?? '', 'node_modules', '.bin'),
    join('node_modules', '.bin'),
  ];
  const path = [...folders.map((folder) => join(root, folder)), process.env['PATH']].join(delimiter);
  const env = { ...process.env, PATH: path, TURBO_TELEMETRY_DISABLED: '1' };
  execFileSync(command, args, { cwd, env, stdio: 'pipe' });
}

/** Builds packages where they have changed, and packs them into a folder: these by their names, or every published one. */
export function pack(folder: string, names?: readonly string[]): readonly PackedPackage[] {
  const chosen = published.filter(({ json }) => names === undefined || names.includes(json.name));
  const filters = chosen.map(({ json }) => `--filter=${json.name}`);
  tool('turbo', ['run', 'build', '--output-logs=errors-only', ...filters], root);
  return chosen.map((item) => {
    const into = mkdtempSync(join(folder, 'pack-'));
    tool('pnpm', ['pack', '--pack-destination', into], item.path);
    const tarball = join(into, readdirSync(into)[0] ?? 'nothing');
    const paths = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
    const json = execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' });
    return {
      name: item.json.name,
      tarball,
      // Our own manifest; what its fields must be is what the tests say.
      json: JSON.parse(json) as PackageJson,
      files: paths.map((path) => path.replace(/^package\//, '')),
    };
  });
}
