import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type PackageJson, published, readPackageJson, root } from './workspace.ts';

/** A package as it is published. */
export interface PackedPackage {
  readonly name: string;
  /** The path of the tarball. */
  readonly tarball: string;
  /** The package.json in it, with workspace: and catalog: replaced by pnpm. */
  readonly json: PackageJson;
  /** Every path in it, without the leading `package/`. */
  readonly files: readonly string[];
}

/** Runs a tool of the workspace, in any environment. */
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

/** Builds changed packages and packs them into a folder: the named ones, or every published one. */
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
      // Our own manifest. The tests check its fields.
      json: JSON.parse(json) as PackageJson,
      files: paths.map((path) => path.replace(/^package\//, '')),
    };
  });
}
