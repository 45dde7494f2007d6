import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { SlowestFirst } from './test/support/slowest-first.ts';

const conditions = ['@ihandler/source', 'module', 'node', 'development|production'];

/** A test file whose name ends like this takes long: `npm test` leaves it out, `npm run test:long` runs it. */
const LONG = '**/*.long.test.ts';
const everything = ['{packages,apps}/*/src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'];

/** scripts/test.mjs says which tests to run. Without it vitest runs all of them. */
const wanted = process.env['IHANDLER_TESTS'] ?? 'all';

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include:
      wanted === 'long' ? everything.map((glob) => glob.replace('.test.ts', '.long.test.ts')) : everything,
    exclude: ['**/node_modules/**', ...(wanted === 'short' ? [LONG] : [])],
    // More workers than cores where cores are few: a test that waits for a server or a process leaves its core idle.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    sequence: { sequencer: SlowestFirst },
    // The limits end tests that hang. They leave a busy machine enough time.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    unstubEnvs: true,
  },
});
