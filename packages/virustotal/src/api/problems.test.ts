import { type Fault, madeUpFile } from '@ihandler/test-support/virustotal-server';
import { describe, expect, it } from 'vitest';
import { capture, captured } from '../testing/captured.ts';
import { START, startVirusTotal, temporaryFolder } from '../testing/start-virustotal.ts';
import { isSameSite } from './api.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Starts a server that knows a file and responds to the first requests for it with a fault. */
async function withFault(fault: Fault, times = 1, path = /^\/files\/[0-9a-f]{32}$/) {
  const started = await startVirusTotal();
  const known = madeUpFile('known', START);
  started.server.know(known);
  let left = times;
  started.server.setFault((seen) => {
    if (!path.test(seen.path) || left === 0) return undefined;
    left -= 1;
    return fault;
  });
  started.deliver(captured({ md5: known.md5 }));
  const askedAt = () =>
    started.server.requests.filter((seen) => path.test(seen.path)).map(({ at }) => at - START);
  return { ...started, verdicts: started.verdicts, known, askedAt };
}

const error = (status: number, code: string, retryAfter?: number | string): Fault => ({
  kind: 'error',
  status,
  code,
  ...(retryAfter !== undefined && { retryAfter }),
});

describe('virustotal with a response', () => {
  it.each([
    [400, 'BadRequestError'],
    [400, 'InvalidArgumentError'],
  ])('%i %s skips the file', async (status, code) => {
    const { time, verdicts, askedAt } = await withFault(error(status, code), 9);
    await time.run(DAY);
    expect(askedAt()).toHaveLength(1);
    expect(verdicts()).toMatchObject([{ state: 'skipped', reason: `rejected: ${status} ${code}` }]);
  });

  it.each<[string, Fault]>([
    ['400 NotAvailableYet', error(400, 'NotAvailableYet')],
    ['424 FailedDependencyError', error(424, 'FailedDependencyError')],
    ['503 TransientError', error(503, 'TransientError')],
    ['504 DeadlineExceededError', error(504, 'DeadlineExceededError')],
    ['502 with an HTML page', { kind: 'html', status: 502 }],
    ['404 with an HTML page', { kind: 'html', status: 404 }],
    ['200 with half a document', { kind: 'truncated' }],
    ['lost with its connection', { kind: 'dropped' }],
    ['without end', { kind: 'endless' }],
    ['that redirects', { kind: 'redirect', to: 'http://127.0.0.1:1/' }],
  ])('%s retries with increasing delays', async (_, fault) => {
    const { time, verdicts, askedAt } = await withFault(fault, 4);
    await time.run(HOUR);
    const at = askedAt();
    expect(at).toHaveLength(5);
    const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(waits[0]).toBeGreaterThan(3 * SECOND);
    expect(waits[3]).toBeGreaterThan((waits[0] ?? 0) * 2);
    expect(verdicts()).toMatchObject([{ state: 'known' }]);
  });

  it('with Retry-After waits for the seconds or until the date', async () => {
    for (const header of [1800, new Date(START + 1800 * SECOND).toUTCString()]) {
      const { time, verdicts, askedAt } = await withFault(error(503, 'TransientError', header));
      await time.run(HOUR);
      expect(askedAt()[1]).toBeGreaterThanOrEqual(1800 * SECOND);
      expect(askedAt()[1]).toBeLessThan(1900 * SECOND);
      expect(verdicts()).toHaveLength(1);
    }
  });
});

describe('virustotal with a response 429', () => {
  it('QuotaExceededError without Retry-After waits a minute, then five, then for the next day of UTC', async () => {
    const { time, verdicts, askedAt } = await withFault(error(429, 'QuotaExceededError'), 4);
    await time.run(DAY);
    const midnight = 12 * HOUR;
    const [first = 0, second = 0, third = 0, fourth = 0, ...more] = askedAt();
    expect(second - first).toBeGreaterThanOrEqual(MINUTE);
    expect(third - second).toBeGreaterThanOrEqual(5 * MINUTE);
    expect(fourth).toBeGreaterThanOrEqual(midnight);
    expect(fourth).toBeLessThan(midnight + 2 * MINUTE);
    expect(more).toEqual([]);
    await time.run(DAY);
    expect(verdicts()).toHaveLength(1);
  });

  it('QuotaExceededError with Retry-After waits as long', async () => {
    const { time, askedAt } = await withFault(error(429, 'QuotaExceededError', 7200));
    await time.run(3 * HOUR);
    expect(askedAt()[1]).toBeGreaterThanOrEqual(2 * HOUR);
    expect(askedAt()[1]).toBeLessThan(2 * HOUR + MINUTE);
  });

  it('TooManyRequestsError increases the delays, even after a restart', async () => {
    const { time, askedAt, restart, verdicts } = await withFault(error(429, 'TooManyRequestsError'), 3);
    await time.run(30 * SECOND);
    await restart();
    await time.run(30 * MINUTE);
    const at = askedAt();
    expect(at).toHaveLength(4);
    for (const [index, time] of at.slice(1).entries())
      expect(time - (at[index] ?? 0)).toBeGreaterThanOrEqual(MINUTE);
    expect(verdicts()).toHaveLength(1);
  });
});

describe('virustotal with a rejected key', () => {
  it.each([
    [401, 'AuthenticationRequiredError'],
    [401, 'UserNotActiveError'],
    [401, 'WrongCredentialsError'],
    [403, 'ForbiddenError'],
  ])('%i %s stops lookups, logs an error, keeps the backlog and retries hourly', async (status, code) => {
    const { time, verdicts, askedAt, lines, handler } = await withFault(error(status, code), 3);
    await time.run(59 * MINUTE);
    expect(askedAt()).toHaveLength(1);
    expect(handler.counters?.()).toMatchObject({ backlog: 1, key_refused: 1 });
    expect(lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
    expect(lines.join('\n')).toContain('VIRUSTOTAL_API_KEY');
    await time.run(90 * MINUTE);
    expect(askedAt()).toHaveLength(3);
    expect(lines.filter((line) => line.startsWith('error')).length).toBeLessThanOrEqual(3);
    await time.run(HOUR);
    expect(verdicts()).toHaveLength(1);
    expect(handler.counters?.()).toMatchObject({ backlog: 0, key_refused: 0 });
  });

  it('retries at once after a restart with another key', async () => {
    const { server, time, deliver, verdicts, restart } = await startVirusTotal({
      options: { apiKey: 'w'.repeat(64) },
    });
    const known = madeUpFile('known', START);
    server.know(known);
    deliver(captured(known));
    await time.run(MINUTE);
    expect(server.requests).toHaveLength(1);
    await restart({ apiKey: server.key });
    await time.run(MINUTE);
    expect(verdicts()).toHaveLength(1);
  });
});

describe('virustotal with uploads', () => {
  async function withUpload(path: RegExp, fault: Fault, times = 1, comment?: string) {
    const folder = temporaryFolder();
    const started = await startVirusTotal({
      options: { upload: true, sampleFolders: [folder], ...(comment && { comment }) },
    });
    const file = capture(folder, 'never seen');
    let left = times;
    started.server.setFault((seen) => {
      if (!path.test(`${seen.method} ${seen.path}`) || left === 0) return undefined;
      left -= 1;
      return fault;
    });
    started.deliver(captured({ ...file, local: true }));
    await started.time.run(12 * HOUR);
    return { ...started, verdicts: started.verdicts(), file };
  }

  it('does not repeat an upload whose response is lost', async () => {
    for (const fault of [{ kind: 'answer lost' }, { kind: 'truncated' }] as const) {
      const { server, verdicts, file } = await withUpload(/^POST \/files$/, fault);
      expect(server.uploads.get(file.sha256)).toHaveLength(1);
      expect(verdicts).toMatchObject([{ sha256: file.sha256, malicious: 6 }]);
    }
  });

  it('reports a rejected upload as unknown, with the reason', async () => {
    const { verdicts } = await withUpload(/^POST \/files$/, error(403, 'ForbiddenError'));
    expect(verdicts).toMatchObject([{ state: 'unknown', reason: 'upload rejected: 403 ForbiddenError' }]);
  });

  it('looks a file up again when VirusTotal has lost its analysis', async () => {
    const { verdicts, server, file } = await withUpload(/^GET \/analyses/, error(404, 'NotFoundError'));
    expect(server.uploads.get(file.sha256)).toHaveLength(1);
    expect(verdicts).toMatchObject([{ state: 'analysed' }]);
  });

  it('finishes a comment that exists (409), is rejected, or whose response is lost', async () => {
    const path = /^POST .*comments$/;
    for (const fault of [error(409, 'AlreadyExistsError'), error(403, 'ForbiddenError')]) {
      const { server, handler } = await withUpload(path, fault, 1, 'caught');
      expect(server.comments.size).toBe(0);
      expect(handler.counters?.()).toMatchObject({ backlog: 0 });
    }
    const { server, file, handler } = await withUpload(path, { kind: 'answer lost' }, 1, 'caught');
    expect(server.comments.get(file.sha256)).toEqual(['caught']);
    expect(handler.counters?.()).toMatchObject({ backlog: 0 });
  });

  it('sends nothing to an upload address of another site', () => {
    const base = 'https://www.virustotal.com/api/v3';
    expect(isSameSite('https://upload.virustotal.com/x', base)).toBe(true);
    expect(isSameSite('https://www.virustotal.com/_ah/upload/x/', base)).toBe(true);
    for (const url of [
      'http://upload.virustotal.com/x',
      'https://virustotal.com.example/x',
      'https://evilvirustotal.com/x',
      'https://user@www.virustotal.com/x',
      'https://127.0.0.1/x',
      'http://127.0.0.1:8080/x',
    ])
      expect(isSameSite(url, base), url).toBe(false);
    expect(isSameSite('http://127.0.0.1:8080/x', 'http://127.0.0.1:8080/api/v3')).toBe(true);
    expect(isSameSite('http://127.0.0.1:8081/x', 'http://127.0.0.1:8080/api/v3')).toBe(false);
  });
});
