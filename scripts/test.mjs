// What `npm test`, `npm run test:long` and .ci/run run after scripts/run.mjs has set everything up.
//   test             the checks, and every test except the long ones (*.long.test.ts)
//   test NAME…       the build, and the tests whose path contains one of these; long ones if a NAME contains ".long"
//   test --long      the build, and the long tests
//   test --all       the checks, and every test
// Every test really runs. Only publint and attw are answered from a cache, for packages that did not change. The last line is
// always `tests: N passed, N failed`, and the exit code is 1 if a test or a check failed. IHANDLER_TEST_UNTIL, in seconds since
// 1970, is the time at which tests that still run are ended and counted as failed.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installServices } from './install-services.mjs';
import { runVitest } from './run-vitest.mjs';
import { environment, quietly, root } from './step.mjs';
import { temporaryFolder } from './temporary-folder.mjs';

const { values: options, positionals: filters } = parseArgs({
  options: { long: { type: 'boolean', default: false }, all: { type: 'boolean', default: false } },
  allowPositionals: true,
});

/** Which tests vitest.config.ts includes. */
function testsToRun() {
  if (options.all || filters.some((filter) => filter.includes('.long'))) return 'all';
  return options.long ? 'long' : 'short';
}

/** An hour is enough for any machine: a run that takes longer hangs. */
const until = Number(process.env.IHANDLER_TEST_UNTIL ?? 0) * 1000 || Date.now() + 3_600_000;
const timeLeft = () => Math.max(1000, until - Date.now());

const build = [['build', 'turbo', ['run', 'build', '--output-logs=errors-only', '--continue']]];
const packages = [['packages', 'turbo', ['run', 'check:package', '--output-logs=errors-only', '--continue']]];
/** These read nothing that is built. */
const sources = [
  ['lint and format', 'biome', ['ci', '--colors=off', '--error-on-warnings', '.']],
  ['types', 'tsc', ['--noEmit', '--pretty', 'false']],
];

/** Runs checks one after the other, prints the output of those that fail, and returns their names. */
async function check(wanted) {
  const failed = [];
  for (const [name, command, args] of wanted) {
    const { code, output } = await quietly(command, args, { timeout: timeLeft() });
    if (code === 0) continue;
    failed.push(name);
    process.stdout.write(`\nFailed: ${name} (${command} ${args.join(' ')})\n${output.trimEnd()}\n\n`);
  }
  return failed;
}

/** Runs the tests. Their temporary files are in one folder, which is removed at the end. */
async function test() {
  const folder = mkdtempSync(join(temporaryFolder(), 'ihandler-test-'));
  // Servers of the tests run as users of their own and have their files in this folder.
  chmodSync(folder, 0o711);
  const env = {
    ...environment,
    TMPDIR: folder,
    TEMP: folder,
    TMP: folder,
    IHANDLER_TEST_FOLDER: folder,
    IHANDLER_TESTS: testsToRun(),
  };
  if (!process.stdout.isTTY && !env.FORCE_COLOR) env.NO_COLOR = '1';
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeLeft());
  try {
    const record = join(root, '.test-report.ndjson');
    return await runVitest(filters, { record, env, signal: limit.signal });
  } finally {
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

await installServices(filters);
const withChecks = filters.length === 0 && !options.long;
// The build begins with one package that all others need, so there is room for other work beside it.
const failedChecks = (
  await Promise.all([check(withChecks ? [...build, ...packages] : build), check(withChecks ? sources : [])])
).flat();
const { passed, failed, skipped, unfinished, notBegun, slowest } = await test();
if (filters.length === 0) {
  const longest = slowest.slice(0, 15).map(({ file, seconds }) => `${file} ${seconds.toFixed(0)} s`);
  console.log(`slowest files: ${longest.join(', ')}`);
}
if (unfinished.length > 0) console.log(`started but did not finish: ${unfinished.join(', ')}`);
if (notBegun > 0) console.log(`did not start: ${notBegun} files`);
if (failedChecks.length > 0) console.log(`failed checks: ${failedChecks.join(', ')}`);
console.log(`tests: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || failedChecks.length > 0 ? 1 : 0;
