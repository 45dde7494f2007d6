// Bugs of cowrie's history that were about what is kept of each session: the commit, and what went wrong there.
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

/** Sessions that begin and never end; `REGRESSION_SESSIONS=1000000` for more than fit in the time of `npm test`. */
const sessions = Number(process.env['REGRESSION_SESSIONS'] ?? 40_000);

/** Bytes: what is kept of a session takes over 100, if it is only its id; caches that fill are allowed for. */
const bound = Math.max(2_500_000, sessions * 5);

function measure(kind: string) {
  const args = ['--expose-gc', join(bundle, 'sessions-child.js'), kind, String(sessions), temporaryFolder()];
  const ran = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(ran.stderr).toBe('');
  // Safe: the child says so.
  const found = JSON.parse(ran.stdout) as Readonly<Record<'heap' | 'grown' | 'waiting', number>>;
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  console.log(
    `${sessions} ${kind} sessions: ${megabytes(found.heap)} MB of heap, ${megabytes(found.grown)} MB more than after a tenth; ${found.waiting} links wait`,
  );
  return found;
}

describe('a02cf3ac, 9452b947: what was kept of a session was never freed, and some sessions never close', () => {
  it('sessions that never close cost a host no memory', { timeout: 600_000 }, () => {
    const { grown, waiting } = measure('open');
    expect(waiting).toBe(0);
    expect(grown).toBeLessThan(bound);
  });

  it('links to connections that never come are kept within a bound, in the database', {
    timeout: 600_000,
  }, () => {
    const { grown, waiting } = measure('orphan');
    expect(waiting).toBeGreaterThan(0);
    expect(waiting).toBeLessThanOrEqual(10_000);
    expect(grown).toBeLessThan(bound);
  });
});
