// What `npm test` runs once scripts/run.mjs has set everything up: the checks, then every test, for real (nothing is
// replayed from a cache but publint and attw, which look at packages that did not change). The last line is always
// `tests: N passed, N failed`; the exit code is 1 when a test or a check failed.
// With arguments (`npm test -- packages/core`) only those tests run, without the checks but the build.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installServices } from './install-services.mjs';
import { environment, quietly, root, run } from './step.mjs';

const filters = process.argv.slice(2);
const report = join(root, '.test-report.json');

const build = { build: ['turbo', ['run', 'build', '--output-logs=errors-only', '--continue']] };
const checks = {
  'lint and format': ['biome', ['ci', '--colors=off', '--error-on-warnings', '.']],
  types: ['tsc', ['--noEmit', '--pretty', 'false']],
  packages: ['turbo', ['run', 'check:package', '--output-logs=errors-only', '--continue']],
};

/** Runs one after the other, shows those that fail, and answers their names. */
async function check(wanted) {
  const failed = [];
  for (const [name, [command, args]] of Object.entries(wanted)) {
    const { code, output } = await quietly(command, args);
    if (code === 0) continue;
    failed.push(name);
    process.stdout.write(`\nFailed: ${name} (${command} ${args.join(' ')})\n${output.trimEnd()}\n\n`);
  }
  return failed;
}

/** Every temporary file of a test lies in a folder of this run, which goes with it. */
async function test() {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-test-'));
  // Servers of the tests run as users of their own, and have their files in there.
  chmodSync(folder, 0o711);
  try {
    const env = { ...environment, TMPDIR: folder, TEMP: folder, TMP: folder };
    if (!process.stdout.isTTY && !env.FORCE_COLOR) env.NO_COLOR = '1';
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    return await run('vitest', ['run', ...reporters, ...filters], {
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/**
 * The counts in vitest's report. What began and never ended, because its process died, has failed; so has a file with
 * no test to count, because it could not be loaded, and one that failed outside of its tests.
 */
function count(code) {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const found = JSON.parse(readFileSync(report, 'utf8'));
  const skipped = found.numPendingTests + found.numTodoTests;
  const hasFailed = (assertion) => assertion.status === 'failed';
  const files = found.testResults.filter(
    ({ status, assertionResults }) =>
      assertionResults.length === 0 || (status === 'failed' && !assertionResults.some(hasFailed)),
  );
  const failed = found.numTotalTests - found.numPassedTests - skipped + files.length;
  // An error outside of any test, or no test at all, is told by the exit code alone.
  return { passed: found.numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed, skipped };
}

rmSync(report, { force: true });
await installServices(filters);
const failedChecks = await check(filters.length === 0 ? { ...build, ...checks } : build);
const { passed, failed, skipped } = count(await test());
if (failedChecks.length > 0) console.log(`checks failed: ${failedChecks.join(', ')}`);
console.log(`tests: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || failedChecks.length > 0 ? 1 : 0;
