// Bugs in the history of cowrie that concern the state of sessions: the commit, and the bug.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleChild } from '../support/bundle-child.ts';
import { temporaryFolder } from '../support/regressions/hosting.ts';

const bundle = mkdtempSync(
  fileURLToPath(new URL('../../packages/journal-sqlite/node_modules/.sessions-', import.meta.url)),
);
beforeAll(() =>
  bundleChild(new URL('../support/regressions/sessions-child.ts', import.meta.url), bundle, 'better-sqlite3'),
);
afterAll(() => rmSync(bundle, { recursive: true, force: true }));

/** Sessions that never end. `REGRESSION_SESSIONS=1000000` sets more than `npm test` has time for. */
const sessions = Number(process.env['REGRESSION_SESSIONS'] ?? 40_000);

/** The allowed growth in bytes. A kept session takes over 100, even if it is only an id. Caches may fill. */
const bound = Math.max(2_500_000, sessions * 5);

function measure(kind: string) {
  const args = ['--expose-gc', join(bundle, 'sessions-child.js'), kind, String(sessions), temporaryFolder()];
  const ran = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(ran.stderr).toBe('');
  // Safe: the child prints this.
  const found = JSON.parse(ran.stdout) as Readonly<Record<'heap' | 'grown' | 'waiting', number>>;
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  console.log(
    `${sessions} ${kind} sessions: ${megabytes(found.heap)} MB of heap, ${megabytes(found.grown)} MB more than after a tenth; ${found.waiting} pending links`,
  );
  return found;
}

describe('a02cf3ac, 9452b947: the state of sessions was never freed, and some sessions never close', () => {
  it('a host does not grow with sessions that never close', { timeout: 600_000 }, () => {
    const { grown, waiting } = measure('open');
    expect(waiting).toBe(0);
    expect(grown).toBeLessThan(bound);
  });

  it('log-sqlite keeps a limited number of links to connections that never arrive', {
    timeout: 600_000,
  }, () => {
    const { grown, waiting } = measure('orphan');
    expect(waiting).toBeGreaterThan(0);
    expect(waiting).toBeLessThanOrEqual(10_000);
    expect(grown).toBeLessThan(bound);
  });
});
