import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = 'better-sqlite3';

/** The folder of the project into which a package was installed: everything before the first `node_modules`. */
function projectOf(folder: string): string {
  return folder.split(/[/\\]node_modules(?:[/\\]|$)/)[0] ?? folder;
}

function isClassicYarn(lockfile: string): boolean {
  try {
    return readFileSync(lockfile, 'utf8').includes('# yarn lockfile v1');
  } catch {
    return false; // it cannot be read, and the newer Yarn is the more common one
  }
}

/**
 * What to do about a native part of SQLite that is missing, with the commands of the package manager that installed it.
 * `folder` is where the package is.
 */
export function rebuildAdvice(folder: string): string {
  const project = projectOf(folder);
  const lockfile = join(project, 'yarn.lock');
  if (existsSync(join(project, 'pnpm-lock.yaml')))
    return `Run in ${project}: pnpm approve-builds ${PACKAGE} && pnpm rebuild ${PACKAGE}`;
  if (existsSync(lockfile) && !isClassicYarn(lockfile))
    return `Add "dependenciesMeta": { "${PACKAGE}": { "built": true } } to ${join(project, 'package.json')} and run there: yarn install && yarn rebuild ${PACKAGE}`;
  // Yarn 1 cannot rebuild a package.
  return `Run in ${project}: npm rebuild --ignore-scripts=false ${PACKAGE}`;
}
