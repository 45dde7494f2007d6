// Runs vitest to its end, or to the end of our patience, and counts what became of the tests.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ended, environment, root, start } from './step.mjs';

const reporter = join(root, 'scripts', 'test-record.mjs');

/** Ends a program and all that it started: its process group, where there are such. */
function endAll({ pid }, signal) {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // Nobody is left.
  }
}

/** Sums up the lines of a record. */
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
 * Runs vitest with these arguments and resolves with the counts, which files had begun and not ended, how many had not begun,
 * and all others by how long they took. When `signal` aborts, everything is ended as it is; nothing that a test started
 * outlives the run either way. `record` is the path of a file to keep notes in.
 */
export async function runVitest(args, { record, env = environment, signal, stdout = 'inherit' }) {
  rmSync(record, { force: true });
  const vitest = start('vitest', ['run', '--reporter=default', `--reporter=${reporter}`, ...args], {
    env: { ...env, IHANDLER_TEST_RECORD: record },
    stdio: ['ignore', stdout, stdout === 'inherit' ? 'inherit' : stdout],
    // A group of its own, so that it can be ended with all that tests have started.
    detached: process.platform !== 'win32',
  });
  const pass = (name) => endAll(vitest, name);
  const give = () => endAll(vitest, 'SIGKILL');
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const name of signals) process.on(name, pass);
  signal?.addEventListener('abort', give, { once: true });
  if (signal?.aborted) give();
  try {
    const code = await ended(vitest);
    const found = sumUp(record);
    // An error outside of any test, a file that never began or no test at all is told by the exit code alone.
    return { ...found, failed: found.failed === 0 && code !== 0 ? 1 : found.failed };
  } finally {
    signal?.removeEventListener('abort', give);
    for (const name of signals) process.off(name, pass);
    give();
  }
}
