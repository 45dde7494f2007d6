import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SCHEMA } from '../schema/schema.ts';
import { createQuota, type QuotaLimits } from './quota.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 31, 20);

function open(limits: Partial<QuotaLimits> = {}) {
  const database = new Database(':memory:');
  database.exec(SCHEMA);
  const all = { perMinute: 4, perDay: 500, perMonth: 15_500, reserve: 0.2, ...limits };
  return { database, quota: createQuota(database, all), again: () => createQuota(database, all) };
}

/** Takes all requests that are allowed. Returns their number. */
function takeAll(quota: ReturnType<typeof createQuota>, asker: 'backlog' | 'person', now: number): number {
  for (let taken = 0; ; taken += 1) {
    const ticket = quota.take(asker, now);
    if (ticket === undefined) return taken;
    quota.settle(ticket, now);
  }
}

describe('the quota of virustotal', () => {
  it('reserves a part of each window for people', () => {
    const { quota } = open();
    expect(takeAll(quota, 'backlog', START)).toBe(3);
    expect(takeAll(quota, 'person', START)).toBe(1);
    expect(quota.use(START)).toEqual({
      minute: { used: 4, limit: 4 },
      day: { used: 4, limit: 500 },
      month: { used: 4, limit: 15_500 },
    });
  });

  it('leaves at least one request of each window to the backlog', () => {
    const { quota } = open({ perMinute: 1, reserve: 0.9 });
    expect(takeAll(quota, 'backlog', START)).toBe(1);
  });

  it('starts anew at midnight in UTC and with each month', () => {
    const { quota } = open({ perMinute: 1000, perDay: 10, perMonth: 12 });
    expect(takeAll(quota, 'backlog', START)).toBe(8);
    const midnight = quota.availableAt('backlog', START);
    expect(midnight - Date.UTC(2026, 1, 1)).toBe(1000);
    expect(takeAll(quota, 'backlog', midnight)).toBe(8);
    expect(takeAll(quota, 'backlog', midnight + DAY)).toBe(1);
    expect(quota.availableAt('backlog', midnight + DAY)).toBe(Date.UTC(2026, 2, 1) + 1000);
    expect(takeAll(quota, 'person', midnight + DAY)).toBe(3);
  });

  it('counts a request for both days if it was sent before midnight and answered after', () => {
    const { quota } = open();
    const ticket = quota.take('backlog', START + 4 * HOUR - 1) ?? 0;
    quota.settle(ticket, START + 4 * HOUR + 5);
    expect(quota.use(START).day.used).toBe(1);
    expect(quota.use(START + 5 * HOUR)).toMatchObject({ day: { used: 1 }, month: { used: 1 } });
  });

  it('is lowered, never raised, to the limits of VirusTotal, and counts the requests of others', () => {
    const { quota, again } = open();
    quota.learn({ day: { limit: 50, used: 49 }, month: { limit: 1e6, used: 3 } }, START);
    for (const counts of [quota, again()])
      expect(counts.use(START)).toMatchObject({
        day: { used: 49, limit: 50 },
        month: { used: 3, limit: 15_500 },
      });
    expect(takeAll(quota, 'backlog', START)).toBe(0);
    expect(takeAll(quota, 'person', START)).toBe(1);
  });

  it('works after a clock is set back', () => {
    const { quota } = open();
    takeAll(quota, 'backlog', START + 2 * DAY);
    expect(takeAll(quota, 'backlog', START)).toBe(3);
  });

  it('is never exceeded in any minute, day or month by any requesters across restarts', () => {
    const steps = fc.array(
      fc.record({
        wait: fc.oneof(fc.nat(20_000), fc.nat(HOUR), fc.nat(2 * DAY)),
        asker: fc.constantFrom('backlog' as const, 'person' as const),
        takes: fc.integer({ min: 1, max: 8 }),
        slow: fc.nat(40_000),
        restart: fc.boolean(),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const { again, database } = open({ perDay: 12, perMonth: 40 });
        let quota = again();
        let now = START;
        const arrived: number[] = [];
        for (const { wait, asker, takes, slow, restart } of all) {
          now += wait;
          if (restart) quota = again();
          for (let n = 0; n < takes; n += 1) {
            const ticket = quota.take(asker, now);
            if (ticket === undefined) break;
            // It may arrive at any time until it is answered. The end is the worst case.
            now += slow;
            arrived.push(now);
            quota.settle(ticket, now);
          }
        }
        database.close();
        const most = (key: (time: number) => string): number => {
          const counts = new Map<string, number>();
          for (const time of arrived) counts.set(key(time), (counts.get(key(time)) ?? 0) + 1);
          return Math.max(0, ...counts.values());
        };
        const inMinute = arrived.map(
          (from) => arrived.filter((at) => at >= from && at < from + MINUTE).length,
        );
        expect(Math.max(0, ...inMinute)).toBeLessThanOrEqual(4);
        expect(most((time) => new Date(time).toISOString().slice(0, 10))).toBeLessThanOrEqual(12);
        expect(most((time) => new Date(time).toISOString().slice(0, 7))).toBeLessThanOrEqual(40);
      }),
      { numRuns: 60 },
    );
  });
});
