// What `npm run bench` runs after scripts/run.mjs has built everything. Each benchmark, bench/NAME.bench.ts, runs in its own
// process against the built packages, not against their sources. A benchmark prints its own table; this script prints the
// machine. `npm run bench -- NAME` runs the benchmarks whose name contains NAME.
import { readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, loadavg, platform, totalmem } from 'node:os';
import { join, relative } from 'node:path';
import { root, run } from './step.mjs';

const require = createRequire(import.meta.url);
const folder = join(root, 'bench');
// esbuild is a dependency of tsup, so it is installed with it.
const { build } = createRequire(require.resolve('tsup'))('esbuild');

/** The paths of the benchmarks whose file name contains one of the names, or of all benchmarks without names. */
function find(names) {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.bench.ts'))
    .filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
    .sort()
    .map((file) => join(folder, file));
}

/** The numbers mean nothing without it. */
function machine() {
  const Database = require('better-sqlite3');
  const database = new Database(':memory:');
  const sqlite = database.prepare('select sqlite_version()').pluck().get();
  database.close();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${processor}, ${availableParallelism()} cores, ${memory} · ${platform()} ${arch()} · Node ${process.versions.node} · SQLite ${sqlite} · load average ${loadavg()[0].toFixed(1)}`;
}

/** Runs one benchmark; the program stands beside its source, so that relative paths and imports mean the same. */
async function measure(file) {
  const program = file.replace(/\.ts$/, `.bundled_${process.pid}.mjs`);
  try {
    await build({
      entryPoints: [file],
      outfile: program,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
      logLevel: 'error',
    });
    return await run(process.execPath, ['--enable-source-maps', '--expose-gc', program]);
  } finally {
    rmSync(program, { force: true });
  }
}

const names = process.argv.slice(2);
const files = find(names);
if (files.length === 0) {
  console.error(`No benchmark matches ${names.join(' ')}. There are:`);
  for (const file of find([])) console.error(`  ${relative(root, file)}`);
  process.exit(1);
}
console.log(machine());
const failed = [];
for (const file of files) {
  console.log(`\n${relative(root, file)}`);
  if ((await measure(file)) !== 0) failed.push(relative(root, file));
}
if (failed.length > 0) console.error(`\nFailed: ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;
