import { type Fault, madeUpFile } from '@ihandler/test-support/virustotal-server';
import { describe, expect, it } from 'vitest';
import virustotal from '../handler.ts';
import { captured } from '../testing/captured.ts';
import { START, startVirusTotal } from '../testing/start-virustotal.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('virustotal when a portal, a proxy or a wrong url responds instead of VirusTotal', () => {
  it.each<[string, Fault]>([
    ['404 with a page', { kind: 'html', status: 404 }],
    ['200 with a page', { kind: 'html', status: 200 }],
    ['403 with a page', { kind: 'html', status: 403 }],
  ])('with %s for every file logs it and sends requests less and less often', async (_, fault) => {
    const { server, time, deliver, lines, verdicts, handler } = await startVirusTotal();
    const files = Array.from({ length: 40 }, (__, index) => madeUpFile(`file ${index}`, START));
    server.know(...files);
    server.setFault(() => fault);
    deliver(...files.map((file) => captured(file)));
    await time.run(6 * HOUR);
    // Without a cooldown, the 400 daily requests of a public key would be used up.
    expect(server.requests.length).toBeLessThan(60);
    expect(lines.filter((line) => line.startsWith('warn')).join()).toMatch(
      /unexpected response from VirusTotal, retrying/,
    );
    expect(verdicts()).toEqual([]);
    const { since = 0, reason } = handler.problem?.() ?? {};
    expect(since - START).toBeLessThan(HOUR);
    expect(reason).not.toBe('');
    server.setFault(undefined);
    await time.run(24 * HOUR);
    expect(verdicts().filter(({ state }) => state === 'known')).toHaveLength(40);
    expect(handler.counters?.()).toMatchObject({ backlog: 0, key_refused: 0 });
    expect(handler.problem?.()).toBeUndefined();
  });

  it('for one file only looks the other files up', async () => {
    const { server, time, deliver, verdicts } = await startVirusTotal();
    const [unusual, ...files] = Array.from({ length: 10 }, (_, index) => madeUpFile(`file ${index}`, START));
    server.know(...files);
    server.setFault(({ path }) =>
      path.includes(unusual?.md5 ?? '-') ? { kind: 'html', status: 404 } : undefined,
    );
    deliver(captured({ md5: unusual?.md5 ?? '' }), ...files.map((file) => captured(file)));
    await time.run(10 * MINUTE);
    expect(verdicts()).toHaveLength(9);
  });
});

describe('virustotal with responses 429', () => {
  it('increases the delays even if they always ask for one second', async () => {
    const { server, time, deliver, verdicts } = await startVirusTotal();
    const known = madeUpFile('known', START);
    server.know(known);
    server.setFault(() => ({ kind: 'error', status: 429, code: 'QuotaExceededError', retryAfter: 1 }));
    deliver(captured(known));
    await time.run(6 * HOUR);
    expect(server.requests.length).toBeLessThan(45);
    server.setFault(undefined);
    await time.run(HOUR);
    expect(verdicts()).toMatchObject([{ state: 'known' }]);
  });
});

describe('virustotal with the quotas of a key', () => {
  it('asks again after an hour without a response, and then lowers its limits', async () => {
    const limits = { minute: 4, day: 40, month: 1000 };
    const { server, time, deliver } = await startVirusTotal({ server: { limits } });
    const asked = () => server.requests.filter(({ path }) => path.startsWith('/users/')).length;
    server.setFault(({ path }) => (path.startsWith('/users/') ? { kind: 'dropped' } : undefined));
    const files = Array.from({ length: 60 }, (_, index) => madeUpFile(`file ${index}`, START));
    server.know(...files);
    deliver(...files.slice(0, 5).map((file) => captured(file)));
    await time.run(10 * MINUTE);
    expect(asked()).toBe(1);
    server.setFault(undefined);
    await time.run(HOUR);
    deliver(...files.map((file) => captured(file)));
    await time.run(9 * HOUR);
    expect(asked()).toBe(2);
    expect(server.quota.violations).toEqual([]);
    expect(server.requests).toHaveLength(32);
  });
});

describe('virustotal with a Retry-After of a month', () => {
  it('accepts it for a quota, but not for a server that is down', async () => {
    for (const [status, code, hours] of [
      [503, 'TransientError', 25],
      [429, 'QuotaExceededError', 24 * 30],
    ] as const) {
      const { server, time, deliver, verdicts } = await startVirusTotal();
      const known = madeUpFile('known', START);
      server.know(known);
      let first = true;
      server.setFault(({ path }) => {
        if (!path.startsWith('/files/') || !first) return undefined;
        first = false;
        return { kind: 'error', status, code, retryAfter: 30 * 86_400 };
      });
      deliver(captured(known));
      await time.run((hours - 2) * HOUR);
      expect(verdicts()).toEqual([]);
      await time.run(3 * HOUR);
      expect(verdicts()).toHaveLength(1);
    }
  });
});

describe('virustotal with an invalid key in the environment', () => {
  it.each([
    ['in quotes', `"${'k'.repeat(64)}"`],
    ['of two lines', `${'k'.repeat(32)}\n${'q'.repeat(32)}`],
    ['with letters that a header cannot contain', `schlüssel${'k'.repeat(32)}`],
  ])('%s fails at start and does not show the key', (_, key) => {
    const saved = process.env['VIRUSTOTAL_API_KEY'];
    process.env['VIRUSTOTAL_API_KEY'] = key;
    try {
      const handler = virustotal();
      const start = (): unknown => handler.start?.({} as never);
      expect(start).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
      expect(start).toThrow(/VIRUSTOTAL_API_KEY: expected a key of letters and digits/);
      expect(start).not.toThrow(/kkk|qqq/);
    } finally {
      if (saved === undefined) delete process.env['VIRUSTOTAL_API_KEY'];
      else process.env['VIRUSTOTAL_API_KEY'] = saved;
    }
  });
});
