// `npm run soak -- --minutes 15 --rate 2000`: runs bench/soak.ts, bundled into one file beside the dependencies of the journal.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root, run } from './step.mjs';

const require = createRequire(import.meta.url);
// esbuild is a dependency of tsup, so it is installed with it.
const { build } = createRequire(require.resolve('tsup'))('esbuild');

const folder = mkdtempSync(join(root, 'packages/journal-sqlite/node_modules/.soak-'));
const program = join(folder, 'soak.mjs');
try {
  await build({
    entryPoints: [join(root, 'bench/soak.ts')],
    outfile: program,
    bundle: true,
    external: ['better-sqlite3'],
    conditions: ['@ihandler/source'],
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Some bundled modules are CommonJS and load modules of Node with `require`.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  process.exitCode = await run(process.execPath, [program, ...process.argv.slice(2)]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
