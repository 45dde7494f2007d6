// Gives the SQLite binary of this workspace to another installation, which would otherwise download or compile one.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** See the types beside this file. */
export function prebuiltSqlite(folder) {
  const installed = dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json'));
  const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const binary = join('build', 'Release', 'better_sqlite3.node');
  const staged = join(folder, 'staged');
  mkdirSync(dirname(join(staged, binary)), { recursive: true });
  copyFileSync(join(installed, binary), join(staged, binary));
  // The names are those of prebuild-install. It distinguishes musl from glibc, and only glibc reports a version.
  const musl = process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
  const platform = `${process.platform}${musl ? 'musl' : ''}-${process.arch}`;
  const archive = `better-sqlite3-v${version}-node-v${process.versions.modules}-${platform}.tar.gz`;
  execFileSync('tar', ['-czf', join(folder, archive), '-C', staged, 'build']);
  rmSync(staged, { recursive: true });
  return { version, environment: { npm_config_better_sqlite3_local_prebuilds: folder } };
}
