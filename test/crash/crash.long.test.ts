import { describeSeeds } from '../support/crash/seeds.ts';

/** `npm run test:crash` sets these; seeds 1 to 40 are in crash.test.ts. */
const { CRASH_SEED = '41', CRASH_RUNS = '160', CRASH_JOBS = '3' } = process.env;

describeSeeds(Number(CRASH_SEED), Number(CRASH_RUNS), Number(CRASH_JOBS));
