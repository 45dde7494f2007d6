// Runs vitest until it ends or a time limit is reached, and counts the results.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ended, environment, root, start } from './step.mjs';

const reporter = join(root, 'scripts', 'test-record.mjs');

/** Ends a program and everything it started: its process group, on systems that have process groups. */
function endAll({ pid }, signal) {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // All processes have ended.
  }
}

/** Sums the lines of a record. */
function sumUp(record) {
  const lines = existsSync(record) ? readFileSync(record, 'utf8').trim().split('\n').filter(Boolean) : [];
  const all = lines.map((line) => JSON.parse(line));
  const files = all.filter(({ ended }) => ended !== undefined);
  const began = new Set(all.flatMap(({ began }) => began ?? []));
  for (const { ended } of files) began.delete(ended);
  const sum = (key) => files.reduce((total, file) => total + file[key], 0);
  const wanted = all.find(({ files }) => files !== undefined)?.files ?? 0;
  return {
    passed: sum('passed'),
    failed: sum('failed') + began.size,
    skipped: sum('skipped'),
    unfinished: [...began].sort(),
    notBegun: Math.max(0, wanted - files.length - began.size),
    slowest: files
      .sort((a, b) => b.seconds - a.seconds)
      .map(({ ended, seconds }) => ({ file: ended, seconds })),
  };
}

/**
 * Runs vitest with these arguments. Resolves with the counts, the files that started but did not finish, the number of files that
 * did not start, and all others with their durations. When `signal` aborts, all processes are killed. Processes that a test
 * started never outlive the run. `record` is the path of the file that the reporter writes.
 */
export async function runVitest(args, { record, env = environment, signal, stdout = 'inherit' }) {
  rmSync(record, { force: true });
  const vitest = start('vitest', ['run', '--reporter=default', `--reporter=${reporter}`, ...args], {
    env: { ...env, IHANDLER_TEST_RECORD: record },
    stdio: ['ignore', stdout, stdout === 'inherit' ? 'inherit' : stdout],
    // Its own process group, so that it can be ended together with all processes that tests started.
    detached: process.platform !== 'win32',
  });
  const pass = (name) => endAll(vitest, name);
  const kill = () => endAll(vitest, 'SIGKILL');
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const name of signals) process.on(name, pass);
  signal?.addEventListener('abort', kill, { once: true });
  if (signal?.aborted) kill();
  try {
    const code = await ended(vitest);
    const counts = sumUp(record);
    // Only the exit code reports an error outside of tests, a file that did not start, or a run without tests.
    return { ...counts, failed: counts.failed === 0 && code !== 0 ? 1 : counts.failed };
  } finally {
    signal?.removeEventListener('abort', kill);
    for (const name of signals) process.off(name, pass);
    kill();
  }
}
