import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PastMonth, startMonth } from '../support/virustotal/start-month.ts';

const DAY = 86_400_000;
const LIMITS = { minute: 4, day: 60, month: 500 } as const;

let month: PastMonth;

beforeAll(async () => {
  // The handler does not know these limits. It has to learn them from the server.
  const size = { unique: 700, total: 1800, backlog: 100, kills: 6, killedWithin: 80 };
  month = await startMonth({ seed: 11, ...size, limits: LIMITS, after: 20 * DAY });
}, 300_000);

afterAll(() => month?.end());

function requestsIn(name: string): number {
  return month.server.requests.filter(({ at }) => new Date(at).toISOString().startsWith(name)).length;
}

describe('virustotal in a month with a quota far below the number of files', () => {
  it('makes no request above any quota, also after restarts and at the start of the next month', () => {
    expect(month.kills).toBe(6);
    expect(month.server.quota.violations).toEqual([]);
  });

  it('uses the whole quota of a month, pauses, and resumes in the next month', () => {
    const most = LIMITS.month * 0.8;
    expect(requestsIn('2026-03')).toBeLessThanOrEqual(most);
    expect(requestsIn('2026-03')).toBeGreaterThan(most - 10);
    expect(requestsIn('2026-03-31')).toBe(0);
    expect(requestsIn('2026-04-01')).toBeGreaterThan(10);
  });

  it('loses no file: each download has a verdict, at least "skipped because of the quota"', () => {
    expect(month.lost()).toEqual([]);
    expect(month.counters).toMatchObject({ backlog: 0, unreported: 0 });
    const told = [...month.verdicts.values()].flat();
    expect(told.filter(({ state }) => state === 'skipped').length).toBeGreaterThan(100);
    expect(told.filter(({ state }) => state !== 'skipped').length).toBeGreaterThan(200);
    for (const { state, reason } of told) if (state === 'skipped') expect(reason).toBe('quota');
  });
});
