// `npm run test:crash -- --runs 2000`: runs the crash test with as many seeds. `--seed N` is the first seed (default: random,
// printed), `--jobs N` the number of seeds that run at once, and `--keep` keeps the folders of failed seeds.
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
console.log(
  `${values.runs} seeds from ${values.seed}; to repeat one: npm run test:crash -- --runs 1 --seed N`,
);
process.exitCode = await run('vitest', ['run', 'test/crash/crash.long'], {
  env: {
    ...environment,
    CRASH_RUNS: values.runs,
    CRASH_SEED: values.seed,
    CRASH_JOBS: values.jobs,
    ...(values.keep && { CRASH_KEEP: '1' }),
  },
});
