import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../scripts/temporary-folder.mjs';
import { bundleChild } from '../bundle-child.ts';
import { type MonthOutcome, runMonth } from './run-month.ts';

const DAY = 86_400_000;
const AGAIN = 7 * DAY;
const RECHECK = DAY;

/** A verdict on a file, as it was reported. */
interface Told {
  readonly md5: string;
  readonly state: string;
  readonly reason?: string;
  readonly askedAt: number;
}

// The program resolves its dependencies from the package; what is written in the month is best kept in memory.
const program = mkdtempSync(join(import.meta.dirname, '../../packages/virustotal/node_modules/.month-'));
const folder = mkdtempSync(join(temporaryFolder(), 'ihandler-month-'));
let month: MonthOutcome;
/** Each verdict once, by file, in order. */
const verdicts = new Map<string, Told[]>();
let repeated = 0;

beforeAll(async () => {
  await bundleChild(new URL('month-child.ts', import.meta.url), program, 'better-sqlite3');
  const size = { unique: 3000, total: 20_000, backlog: 450, kills: 12 };
  month = await runMonth({ folder, program: join(program, 'month-child.js'), seed: 7, ...size });
  const seen = new Set<string>();
  for (const { origin, data } of month.reports) {
    if (origin !== 'ihandler.virustotal.verdict') continue;
    // Safe: the schema of the origin says so.
    const told = data as unknown as Told;
    const key = `${told.md5} ${told.askedAt}`;
    if (seen.has(key)) repeated += 1;
    else verdicts.set(told.md5, [...(verdicts.get(told.md5) ?? []), told]);
    seen.add(key);
  }
}, 600_000);

afterAll(async () => {
  await month?.server.stop();
  rmSync(folder, { recursive: true, force: true });
  rmSync(program, { recursive: true, force: true });
});

describe('a month of 20,000 downloads of 3,000 files, with outages, an exhausted key and a process that is killed', () => {
  it('was such a month', () => {
    expect(month.kills).toBe(12);
    expect(month.faults.length).toBeGreaterThan(50);
    expect(new Set(month.faults.map(({ fault }) => fault)).size).toBeGreaterThanOrEqual(5);
    expect(month.server.requests.length).toBeGreaterThan(5000);
    expect(existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : '').toBe('');
  });

  it('makes no request over any quota, and few while somebody else has used the key up', () => {
    expect(month.server.quota.violations).toEqual([]);
    expect(month.server.quota.refused()).toBeGreaterThan(0);
    expect(month.server.quota.refused()).toBeLessThan(10);
  });

  it('gives each download a verdict: one that holds, or a new one', () => {
    const lost = month.plan.downloads.filter(({ at, file }) => {
      const told = verdicts.get(month.plan.files[file]?.md5 ?? '') ?? [];
      return !told.some(({ askedAt }) => askedAt > at - AGAIN);
    });
    expect(lost).toEqual([]);
    expect(month.counters).toMatchObject({ backlog: 0, unreported: 0 });
  });

  it('gives a file another verdict only when the last one is old and it was seen again, or once when it was young', () => {
    const tooMany: unknown[] = [];
    month.plan.files.forEach(({ md5 }, index) => {
      const told = verdicts.get(md5) ?? [];
      const seenAt = month.plan.downloads.filter(({ file }) => file === index).map(({ at }) => at);
      let rechecked = false;
      told.slice(1).forEach(({ askedAt }, previous) => {
        const before = told[previous]?.askedAt ?? 0;
        const isAgain = seenAt.some((at) => at >= before + AGAIN && at <= askedAt);
        const isRecheck = !rechecked && told[previous]?.state === 'analysed' && askedAt >= before + RECHECK;
        if (!isAgain && !isRecheck) tooMany.push({ md5, told });
        rechecked = isRecheck || (rechecked && !isAgain);
      });
    });
    expect(tooMany).toEqual([]);
  });

  it('says of each file that it is known, analysed, or skipped because of the quota', () => {
    const states = new Map<string, number>();
    for (const told of verdicts.values())
      for (const { state, reason } of told) {
        const name = reason === undefined ? state : `${state}: ${reason}`;
        states.set(name, (states.get(name) ?? 0) + 1);
      }
    expect([...states.keys()].sort()).toEqual(['analysed', 'known', 'skipped: quota']);
    expect(verdicts.size).toBe(3000);
  });

  it('uploads each file at most once, and comments on each that it uploaded once', () => {
    const uploads = [...month.server.uploads.values()].map((names) => names.length);
    expect(uploads.filter((times) => times !== 1)).toEqual([]);
    const comments = [...month.server.comments.values()].map((texts) => texts.length);
    expect(comments.filter((times) => times !== 1)).toEqual([]);
    expect([...month.server.comments.keys()].sort()).toEqual([...month.server.uploads.keys()].sort());
  });

  it('asks about a file once for each verdict, but for answers that were lost', () => {
    const spoiled = new Set(month.faults.map(({ path }) => path.split('/')[2]));
    let asked = 0;
    const twice = month.plan.files.filter(({ md5, sha256 }) => {
      const told = (verdicts.get(md5) ?? []).filter(({ state }) => state !== 'skipped');
      const first = told.findIndex(({ state }) => state === 'analysed');
      // An upload is asked about before and after it.
      const expected = told.length + (first === -1 ? 0 : 1);
      const found = (month.answered.get(md5)?.length ?? 0) + (month.answered.get(sha256)?.length ?? 0);
      asked += found;
      return found > expected && !spoiled.has(md5) && !spoiled.has(sha256);
    });
    expect(asked).toBeGreaterThan(3000);
    // Whoever dies between an answer and its commit asks once more; an upload whose answer was lost is asked about.
    expect(twice.length).toBeLessThanOrEqual(
      month.kills + month.faults.filter(({ method }) => method === 'POST').length,
    );
  });

  it('tells a verdict twice only if it dies between the report and its own note of it', () => {
    expect(repeated).toBeLessThanOrEqual(month.kills);
  });
});
