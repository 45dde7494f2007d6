import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PastMonth, startMonth } from '../support/virustotal/start-month.ts';

const DAY = 86_400_000;
const LIMITS = { minute: 4, day: 60, month: 500 } as const;

let month: PastMonth;

beforeAll(async () => {
  // The handler is not told of these limits: it has to learn them from the server.
  const size = { unique: 700, total: 1800, backlog: 100, kills: 6, killedWithin: 80 };
  month = await startMonth({ seed: 11, ...size, limits: LIMITS, after: 20 * DAY });
}, 300_000);

afterAll(() => month?.end());

function requestsIn(name: string): number {
  return month.server.requests.filter(({ at }) => new Date(at).toISOString().startsWith(name)).length;
}

describe('a month in which a key may do far less than there is to do', () => {
  it('makes no request over any quota, over restarts and over the turn of the month', () => {
    expect(month.kills).toBe(6);
    expect(month.server.quota.violations).toEqual([]);
  });

  it('uses up what a month leaves to it, stops, and goes on with the next month', () => {
    const most = LIMITS.month * 0.8;
    expect(requestsIn('2026-03')).toBeLessThanOrEqual(most);
    expect(requestsIn('2026-03')).toBeGreaterThan(most - 10);
    expect(requestsIn('2026-03-31')).toBe(0);
    expect(requestsIn('2026-04-01')).toBeGreaterThan(10);
  });

  it('loses no file: each download has a verdict, if only that there was no quota for it', () => {
    expect(month.lost()).toEqual([]);
    expect(month.counters).toMatchObject({ backlog: 0, unreported: 0 });
    const told = [...month.verdicts.values()].flat();
    expect(told.filter(({ state }) => state === 'skipped').length).toBeGreaterThan(100);
    expect(told.filter(({ state }) => state !== 'skipped').length).toBeGreaterThan(200);
    for (const { state, reason } of told) if (state === 'skipped') expect(reason).toBe('quota');
  });
});
