// Builds changed packages and prints a line if that takes time.
import { join } from 'node:path';
import { quietly, root } from '../step.mjs';
import { buildable, builtPackages } from './built-packages.mjs';
import { fail, wantedDependencies } from './install.mjs';

const built = builtPackages(root, {
  stamp: join(root, 'node_modules', '.ihandler-built'),
  dependencies: wantedDependencies,
});

/** Runs a build of these packages and remembers it. */
async function remembered(folders, title, command, args) {
  const before = built.sources(folders);
  const late = () => console.error(title);
  const { code, output } = await quietly(command, args, { late });
  if (code !== 0) fail(title, output);
  built.record(before);
}

/** Builds all packages completely, as they are published. */
export function buildAll() {
  const args = ['run', 'build', '--output-logs=errors-only'];
  return remembered(buildable(root), 'Setting up: build', 'turbo', args);
}

/** Builds changed packages just enough to run them: all, or those that the package `of` depends on. */
export async function buildToRun(of) {
  const folders = built.changed(buildable(root, of));
  if (folders.length === 0) return;
  const title = `Setting up: build of ${folders.length === 1 ? folders[0] : `${folders.length} packages`}`;
  const script = join(root, 'scripts', 'setup', 'build-js.mjs');
  await remembered(folders, title, process.execPath, [script, ...folders]);
}
