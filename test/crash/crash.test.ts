import { describeSeeds } from '../support/crash/seeds.ts';

// The other seeds are in crash.long.test.ts.
describeSeeds(1, 40, 3);
