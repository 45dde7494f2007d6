import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PastMonth, startMonth } from '../support/virustotal/start-month.ts';

const DAY = 86_400_000;
const AGAIN = 7 * DAY;
const RECHECK = DAY;

let month: PastMonth;

beforeAll(async () => {
  const size = { unique: 3000, total: 20_000, backlog: 450, kills: 12 };
  month = await startMonth({ seed: 7, ...size, exhaustedOn: [9.6, 21.3] });
}, 600_000);

afterAll(() => month?.end());

describe('virustotal in a month of 20,000 downloads of 3,000 files, with outages, an exhausted key and kills', () => {
  it('had all of these faults', () => {
    expect(month.kills).toBe(12);
    expect(month.faults.length).toBeGreaterThan(50);
    expect(new Set(month.faults.map(({ fault }) => fault)).size).toBeGreaterThanOrEqual(5);
    expect(month.server.requests.length).toBeGreaterThan(5000);
    expect(existsSync(join(month.folder, 'log')) ? readFileSync(join(month.folder, 'log'), 'utf8') : '').toBe(
      '',
    );
  });

  it('makes no request above any quota, and few while another user has exhausted the key', () => {
    expect(month.server.quota.violations).toEqual([]);
    const days = month.server.quota.refusals.map((time) => time.slice(0, 10));
    expect(new Set(days).size).toBe(2);
    // It retries after a minute, after five minutes and on the next day. A restart in between may query the quotas.
    for (const day of new Set(days)) expect(days.filter((each) => each === day).length).toBeLessThan(5);
  });

  it('gives each download a valid earlier verdict or a new one', () => {
    expect(month.lost()).toEqual([]);
    expect(month.counters).toMatchObject({ backlog: 0, unreported: 0 });
  });

  it('gives a file another verdict only when it is seen again with an old verdict, or once when it was new', () => {
    const tooMany: unknown[] = [];
    month.plan.files.forEach(({ md5 }, index) => {
      const told = month.verdicts.get(md5) ?? [];
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

  it('classifies each file as known, analysed, or skipped because of the quota', () => {
    const states = new Map<string, number>();
    for (const told of month.verdicts.values())
      for (const { state, reason } of told) {
        const name = reason === undefined ? state : `${state}: ${reason}`;
        states.set(name, (states.get(name) ?? 0) + 1);
      }
    expect([...states.keys()].sort()).toEqual(['analysed', 'known', 'skipped: quota']);
    expect(month.verdicts.size).toBe(3000);
  });

  it('uploads each file at most once, and comments once on each uploaded file', () => {
    const uploads = [...month.server.uploads.values()].map((names) => names.length);
    expect(uploads.filter((times) => times !== 1)).toEqual([]);
    const comments = [...month.server.comments.values()].map((texts) => texts.length);
    expect(comments.filter((times) => times !== 1)).toEqual([]);
    expect([...month.server.comments.keys()].sort()).toEqual([...month.server.uploads.keys()].sort());
  });

  it('looks up a file once for each verdict, except after lost responses', () => {
    const spoiled = new Set(month.faults.map(({ path }) => path.split('/')[2]));
    let asked = 0;
    /** The number of unnecessary lookups of a file, by whether it was uploaded. */
    const inVain = { known: 0, uploaded: 0 };
    for (const { md5, sha256 } of month.plan.files) {
      const told = (month.verdicts.get(md5) ?? []).filter(({ state }) => state !== 'skipped');
      const isUploaded = told.some(({ state }) => state === 'analysed');
      // Each upload has a lookup before and after it.
      const expected = told.length + (isUploaded ? 1 : 0);
      const found = (month.answered.get(md5)?.length ?? 0) + (month.answered.get(sha256)?.length ?? 0);
      asked += found;
      if (!spoiled.has(md5) && !spoiled.has(sha256))
        inVain[isUploaded ? 'uploaded' : 'known'] += Math.max(0, found - expected);
    }
    expect(asked).toBeGreaterThan(3000);
    // After a crash between a response and its commit the lookup is repeated.
    expect(inVain.known).toBeLessThanOrEqual(month.kills);
    // An upload whose response was lost is looked up before it is repeated.
    const lost = month.faults.filter(({ method, path }) => method === 'POST' && path === '/files');
    expect(inVain.uploaded).toBeLessThanOrEqual(month.kills + lost.length);
  });

  it('reports a verdict twice only after a crash between the report and its own record of it', () => {
    expect(month.repeated).toBeLessThanOrEqual(month.kills);
  });
});
