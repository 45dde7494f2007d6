// What `pnpm test:crash --runs 2000` runs: the crash test with more seeds than `npm test` takes. `--seed N` is the first
// seed (default: one at random, printed), `--jobs N` how many run at once, `--keep` leaves the folders of failed ones.
import { parseArgs } from 'node:util';
import { environment, run } from './step.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 1e9)) },
    jobs: { type: 'string', default: '3' },
    keep: { type: 'boolean', default: false },
  },
});
console.log(`${values.runs} seeds from ${values.seed}; one of them again: pnpm test:crash --runs 1 --seed N`);
process.exitCode = await run('vitest', ['run', 'test/crash/crash.long'], {
  env: {
    ...environment,
    CRASH_RUNS: values.runs,
    CRASH_SEED: values.seed,
    CRASH_JOBS: values.jobs,
    ...(values.keep && { CRASH_KEEP: '1' }),
  },
});
