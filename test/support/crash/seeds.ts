import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findService } from '../../../scripts/services.mjs';
import { bundleChild } from '../bundle-child.ts';
import { type CrashTools, drive } from './crash-driver.ts';
import { planOf } from './crash-plan.ts';
import { judge, problemsOfJournal } from './crash-verdict.ts';

/** Runs one seed in its own folder below `folder`. Returns the problems, and what happened. */
async function runSeed(tools: CrashTools, folder: string, seed: number) {
  const plan = planOf(seed, tools.shim !== undefined);
  const home = join(folder, String(seed));
  const problems: string[] = [];
  let [deaths, acknowledged] = [0, 0];
  try {
    const run = await drive(tools, home, plan, (life) =>
      problems.push(...problemsOfJournal(home).map((problem) => `after life ${life}: ${problem}`)),
    );
    problems.push(...(await judge(run)));
    [deaths, acknowledged] = [run.deaths, run.acknowledged.length];
  } catch (error) {
    problems.push(String(error));
  }
  if (problems.length === 0 || process.env['CRASH_KEEP'] === undefined)
    rmSync(home, { recursive: true, force: true });
  return { plan, problems, deaths, acknowledged };
}

/**
 * Describes the crash test for `runs` seeds from `first`, `atOnce` of them in parallel. CRASH_KEEP in the environment keeps the
 * folder of a seed that fails.
 */
export function describeSeeds(first: number, runs: number, atOnce: number): void {
  /** Holds the child as one file beside the journal's dependencies, so that Node runs it without a loader. */
  const bundle = mkdtempSync(
    fileURLToPath(new URL('../../../packages/journal-sqlite/node_modules/.crash-', import.meta.url)),
  );
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-crash-'));
  let tools: CrashTools = { child: join(bundle, 'crash-child.js') };

  beforeAll(async () => {
    await bundleChild(new URL('./crash-child.ts', import.meta.url), bundle, 'better-sqlite3');
    const compiler = findService('cc');
    if (compiler === undefined) return;
    const shim = join(bundle, 'failing-fsync.so');
    const source = fileURLToPath(new URL('../journal/failing-fsync.c', import.meta.url));
    if (spawnSync(compiler, ['-shared', '-fPIC', '-O1', '-o', shim, source]).status === 0)
      tools = { ...tools, shim };
  });
  afterAll(() => {
    for (const path of [bundle, folder]) rmSync(path, { recursive: true, force: true });
  });

  describe('a host that is killed again and again', () => {
    const title = `loses nothing that it acknowledged, stores nothing twice, keeps the order and counts everything: ${runs} seeds from ${first}`;
    it(title, { timeout: 120_000 + runs * 20_000 }, async () => {
      const began = performance.now();
      let next = first;
      const failed: string[] = [];
      const sums = { deaths: 0, acknowledged: 0 };
      const ends: Record<string, number> = {};
      async function work(): Promise<void> {
        for (let seed = next++; seed < first + runs; seed = next++) {
          const { plan, problems, deaths, acknowledged } = await runSeed(tools, folder, seed);
          sums.deaths += deaths;
          sums.acknowledged += acknowledged;
          for (const { end } of plan.lives) ends[end.how] = (ends[end.how] ?? 0) + 1;
          if (problems.length > 0)
            failed.push(`${problems.slice(0, 5).join('\n')}\n  ${JSON.stringify(plan)}`);
        }
      }
      await Promise.all(Array.from({ length: atOnce }, work));
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      console.log(
        `crash: ${runs} seeds from ${first} in ${seconds} s: the process died ${sums.deaths} times (${JSON.stringify(ends)}), ${sums.acknowledged} posted incidents acknowledged`,
      );
      expect(failed).toEqual([]);
    });
  });
}
