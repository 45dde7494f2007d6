import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { madeUpFile } from '@ihandler/test-support/virustotal-server';
import { connection, incident } from '@ihandler/testkit';
import { describe, expect, it } from 'vitest';
import { capture, captured } from './testing/captured.ts';
import { START, startVirusTotal, temporaryFolder } from './testing/start-virustotal.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('virustotal with a captured file', () => {
  it('reports the verdict of a known file in the formats of both APIs, with its incident as the cause', async () => {
    const { server, deliver, time, reported, handler } = await startVirusTotal();
    const known = madeUpFile('known', START, 8);
    server.know(known);
    const incident = captured({ md5: known.md5 });
    deliver(incident);
    await time.run(MINUTE);
    expect(reported.map(({ origin, cause }) => [origin, cause])).toEqual([
      ['dionaea.modules.python.virustotal.report', incident.id],
      ['ihandler.virustotal.verdict', incident.id],
    ]);
    const [report, verdict] = reported.map(({ data }) => data);
    expect(report).toMatchObject({
      md5hash: known.md5,
      report: {
        response_code: 1,
        permalink: `https://www.virustotal.com/gui/file/${known.sha256}`,
        scan_date: '2026-01-12 12:00:00',
        positives: 9,
        total: 10,
      },
    });
    // Safe: see the assertion above.
    const { scans } = (report?.['report'] ?? {}) as {
      scans: Record<string, { result: unknown; detected: unknown }>;
    };
    expect(Object.keys(scans)).toHaveLength(10);
    expect(scans['Engine A']).toMatchObject({ detected: true, result: 'Trojan.A' });
    expect(scans['Engine I']).toMatchObject({ detected: true, result: 'Heuristic' });
    expect(scans['Engine J']).toMatchObject({ detected: false, result: null });
    expect(verdict).toMatchObject({
      state: 'known',
      sha256: known.sha256,
      md5: known.md5,
      malicious: 9,
      engines: 10,
      label: 'trojan.conficker/kido',
      analysedAt: START - 3 * DAY,
    });
    expect(verdict).not.toHaveProperty('scans');
    expect(handler.counters?.()).toMatchObject({ backlog: 0, known: 1, unreported: 0, quota_left_day: 498 });
  });

  it('takes what any sensor captures, by the role of its incident', async () => {
    const { server, deliver, time, verdicts } = await startVirusTotal();
    const known = madeUpFile('known', START, 8);
    server.know(known);
    const { sha256 } = known;
    const data = {
      path: '/tmp/x',
      url: 'tftp://198.51.100.7/x',
      sha256,
      origin_filename: 'x',
      connection: connection(),
    };
    deliver(incident('dionaea.upload.complete', data, { id: 'tftp:1' }));
    await time.run(MINUTE);
    expect(verdicts()).toMatchObject([{ state: 'known', sha256 }]);
  });

  it('sends no request while the verdict is valid, and looks the file up again later', async () => {
    const { server, deliver, time, verdicts, restart } = await startVirusTotal();
    const known = madeUpFile('known', START);
    server.know(known);
    deliver(captured({ md5: known.md5 }));
    await time.run(MINUTE);
    deliver(captured({ md5: known.md5.toUpperCase(), origin: 'again' }), captured(known));
    await time.run(6 * DAY);
    await restart();
    deliver(captured(known));
    await time.run(HOUR);
    const asked = () => server.requests.filter(({ path }) => path.startsWith('/files/')).length;
    expect([asked(), verdicts().length]).toEqual([1, 1]);
    await time.run(DAY);
    deliver(captured(known));
    await time.run(HOUR);
    expect([asked(), verdicts().length]).toEqual([2, 2]);
  });

  it('does not upload an unknown file by default', async () => {
    const { server, deliver, time, verdicts, folder } = await startVirusTotal();
    const file = capture(folder, 'never seen');
    deliver(captured({ ...file, local: true }));
    await time.run(HOUR);
    expect(verdicts()).toMatchObject([
      { state: 'unknown', md5: file.md5, reason: 'unknown, and uploads are off' },
    ]);
    expect(server.uploads.size).toBe(0);
  });

  it('looks an unknown file up once more after a day', async () => {
    const { server, deliver, time, verdicts } = await startVirusTotal();
    const [early, never] = [madeUpFile('early', START), madeUpFile('never', START)];
    deliver(captured(early), captured(never));
    await time.run(HOUR);
    server.know({ ...early, firstSeen: START });
    await time.run(5 * DAY);
    const verdictsOf = ({ md5 }: { md5: string }) =>
      verdicts()
        .filter((verdict) => verdict['md5'] === md5)
        .map(({ state, reason }) => (reason === undefined ? state : `${state}: ${reason}`));
    expect(verdictsOf(early)).toEqual(['unknown: unknown, and uploads are off', 'known']);
    expect(verdictsOf(never)).toEqual(['unknown: unknown, and uploads are off', 'unknown: still unknown']);
  });

  it('polls an analysis that does not finish less and less often, and looks the file up once more on the next day', async () => {
    const binaries = temporaryFolder();
    const { server, deliver, time, verdicts } = await startVirusTotal({
      options: { upload: true, comment: 'caught', sampleFolders: [binaries] },
      server: { analysis: { queued: MINUTE, inProgress: 20 * HOUR } },
    });
    const file = capture(binaries, 'never seen');
    deliver(captured({ ...file, local: true }));
    await time.run(19 * HOUR);
    expect(verdicts()).toMatchObject([{ state: 'unknown', reason: 'analysis did not finish' }]);
    const polls = server.requests.filter(({ path }) => path.startsWith('/analyses/')).map(({ at }) => at);
    expect(polls).toHaveLength(20);
    expect((polls[19] ?? 0) - (polls[18] ?? 0)).toBeGreaterThanOrEqual(30 * MINUTE);
    await time.run(3 * DAY);
    expect(verdicts().map(({ state }) => state)).toEqual(['unknown', 'analysed']);
    expect(server.uploads.get(file.sha256)).toHaveLength(1);
    expect(server.comments.get(file.sha256)).toEqual(['caught']);
  });

  it('follows an upload to its final verdict, comments on it once, and looks the file up once more', async () => {
    const binaries = temporaryFolder();
    const { server, deliver, time, verdicts, handler } = await startVirusTotal({
      options: { upload: true, comment: 'caught by a #honeypot', sampleFolders: [binaries] },
    });
    const file = capture(binaries, 'never seen');
    deliver(captured({ ...file, local: true }));
    await time.run(HOUR);
    expect(server.uploads.get(file.sha256)).toEqual([file.sha256]);
    expect(server.comments.get(file.sha256)).toEqual(['caught by a #honeypot']);
    expect(verdicts()).toMatchObject([{ state: 'analysed', sha256: file.sha256, malicious: 6, engines: 10 }]);
    await time.run(9 * DAY);
    expect(verdicts().map(({ state }) => state)).toEqual(['analysed', 'analysed']);
    expect(server.uploads.get(file.sha256)).toHaveLength(1);
    expect(server.comments.get(file.sha256)).toHaveLength(1);
    expect(handler.counters?.()).toMatchObject({ uploaded: 1, analysed: 2 });
  });

  it('resumes every state after a restart', async () => {
    const started = await startVirusTotal({ options: { upload: true } });
    const { server, deliver, time, dataDir, restart, verdicts } = started;
    const samples = join(dataDir, '..', 'store', 'samples');
    mkdirSync(samples, { recursive: true });
    const file = capture(samples, 'never seen');
    deliver(captured({ ...file, local: true }));
    for (let minutes = 0; minutes < 30; minutes += 1) {
      await time.run(MINUTE);
      await restart();
    }
    expect(server.uploads.get(file.sha256)).toEqual([file.sha256]);
    expect(verdicts()).toMatchObject([{ state: 'analysed' }]);
  });
});

it('virustotal forget leaves no byte of an address in its files', async () => {
  const { deliver, handler, dataDir } = await startVirusTotal();
  deliver(captured({ md5: 'a'.repeat(32), file: '/sensor/203.0.113.9/a', local: true }));
  const bytes = () =>
    readdirSync(dataDir)
      .map((name) => readFileSync(join(dataDir, name), 'latin1'))
      .join('\n');
  expect(bytes()).toContain('203.0.113.9');
  expect(await handler.forget?.((host) => host === '203.0.113.9')).toContain('from 1 text');
  expect(bytes()).not.toContain('203.0.113.9');
  expect(await handler.forget?.((host) => host === '203.0.113.9')).toContain('from 0 texts');
});
