// Builds the packages in the given folders without type declarations, which take most of the time of a complete build.
import { resolve } from 'node:path';
import { build } from 'tsup';

const folders = process.argv.slice(2).map((folder) => resolve(folder));
for (const folder of folders) {
  process.chdir(folder);
  // esbuild takes the working directory of its first build for all others.
  const esbuildOptions = (options) => Object.assign(options, { absWorkingDir: folder });
  await build({ dts: false, silent: true, esbuildOptions });
}
