// What `npm test` runs once scripts/run.mjs has set everything up: the checks, then every test, for real (nothing is
// replayed from a cache but publint and attw, which look at packages that did not change). The last line is always
// `tests: N passed, N failed`; the exit code is 1 when a test or a check failed.
// With arguments (`npm test -- packages/core`) only those tests run, without the checks but the build.
// IHANDLER_TEST_UNTIL, in seconds since the Unix epoch, is when whatever still runs is ended and counted as failed.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installServices } from './install-services.mjs';
import { runVitest } from './run-vitest.mjs';
import { environment, quietly, root } from './step.mjs';
import { temporaryFolder } from './temporary-folder.mjs';

const filters = process.argv.slice(2);

/** An hour is more than any machine needs: what takes longer hangs. */
const until = Number(process.env.IHANDLER_TEST_UNTIL ?? 0) * 1000 || Date.now() + 3_600_000;
const patience = () => Math.max(1000, until - Date.now());

const build = [['build', 'turbo', ['run', 'build', '--output-logs=errors-only', '--continue']]];
const packages = [['packages', 'turbo', ['run', 'check:package', '--output-logs=errors-only', '--continue']]];
/** What reads nothing that is built. */
const sources = [
  ['lint and format', 'biome', ['ci', '--colors=off', '--error-on-warnings', '.']],
  ['types', 'tsc', ['--noEmit', '--pretty', 'false']],
];

/** Runs one after the other, shows those that fail, and answers their names. */
async function check(wanted) {
  const failed = [];
  for (const [name, command, args] of wanted) {
    const { code, output } = await quietly(command, args, { timeout: patience() });
    if (code === 0) continue;
    failed.push(name);
    process.stdout.write(`\nFailed: ${name} (${command} ${args.join(' ')})\n${output.trimEnd()}\n\n`);
  }
  return failed;
}

/** Every temporary file of a test lies in a folder of this run, which goes with it. */
async function test() {
  const folder = mkdtempSync(join(temporaryFolder(), 'ihandler-test-'));
  // Servers of the tests run as users of their own, and have their files in there.
  chmodSync(folder, 0o711);
  const env = { ...environment, TMPDIR: folder, TEMP: folder, TMP: folder, IHANDLER_TEST_FOLDER: folder };
  if (!process.stdout.isTTY && !env.FORCE_COLOR) env.NO_COLOR = '1';
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), patience());
  try {
    const record = join(root, '.test-report.ndjson');
    return await runVitest(filters, { record, env, signal: limit.signal });
  } finally {
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

await installServices(filters);
const all = filters.length === 0;
// Building begins with one package that all others wait for: there is room beside it.
const failedChecks = (
  await Promise.all([check(all ? [...build, ...packages] : build), check(all ? sources : [])])
).flat();
const { passed, failed, skipped, unfinished, notBegun, slowest } = await test();
if (all) {
  const longest = slowest.slice(0, 15).map(({ file, seconds }) => `${file} ${seconds.toFixed(0)} s`);
  console.log(`took longest: ${longest.join(', ')}`);
}
if (unfinished.length > 0) console.log(`began and did not end: ${unfinished.join(', ')}`);
if (notBegun > 0) console.log(`did not begin: ${notBegun} files`);
if (failedChecks.length > 0) console.log(`checks failed: ${failedChecks.join(', ')}`);
console.log(`tests: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || failedChecks.length > 0 ? 1 : 0;
