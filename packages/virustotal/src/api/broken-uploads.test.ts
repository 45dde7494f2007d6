import { type Fault, madeUpFile } from '@ihandler/test-support/virustotal-server';
import { describe, expect, it } from 'vitest';
import { capture, captured } from '../testing/captured.ts';
import { START, startVirusTotal, temporaryFolder } from '../testing/start-virustotal.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Uploads a file to a server whose uploads fail. */
async function upload(faultOf: (upload: number) => Fault | undefined, comment?: string) {
  const folder = temporaryFolder();
  const options = { upload: true, sampleFolders: [folder], ...(comment && { comment }) };
  const started = await startVirusTotal({ options });
  const file = capture(folder, 'never seen');
  let uploads = 0;
  started.server.setFault(({ method, path }) => {
    if (method !== 'POST' || path !== '/files') return undefined;
    uploads += 1;
    return faultOf(uploads);
  });
  started.deliver(captured({ ...file, local: true }));
  return { ...started, file, uploads: () => uploads };
}

describe('virustotal with an upload', () => {
  it.each<[string, Fault]>([
    ['is cut off', { kind: 'dropped' }],
    ['gets an HTML page', { kind: 'html', status: 403 }],
    ['is rejected by a proxy', { kind: 'html', status: 502 }],
  ])(
    'that always %s stops after eight attempts with increasing delays, and leaves the quota to other files',
    async (_, fault) => {
      const { server, time, deliver, verdicts, file, uploads } = await upload(() => fault);
      const others = Array.from({ length: 50 }, (__, index) => madeUpFile(`other ${index}`, START));
      server.know(...others);
      deliver(...others.map((other) => captured(other)));
      await time.run(HOUR);
      expect(uploads()).toBeLessThan(6);
      expect(verdicts().filter(({ state }) => state === 'known')).toHaveLength(50);
      await time.run(2 * DAY);
      expect(uploads()).toBe(8);
      const ofFile = verdicts().filter(({ sha256 }) => sha256 === file.sha256);
      expect(ofFile.map(({ state, reason }) => `${state}: ${reason}`)).toEqual([
        'unknown: upload failed 8 times',
        'unknown: still unknown',
      ]);
      expect(server.quota.violations).toEqual([]);
    },
  );

  it('that fails for some hours finally succeeds once and gets its comment', async () => {
    const { server, time, verdicts, file } = await upload(
      (n) => (n < 6 ? { kind: 'dropped' } : undefined),
      'caught',
    );
    await time.run(DAY);
    expect(server.uploads.get(file.sha256)).toHaveLength(1);
    expect(server.comments.get(file.sha256)).toEqual(['caught']);
    expect(verdicts()).toMatchObject([{ state: 'analysed', sha256: file.sha256 }]);
  });

  it.each([500, 502, 504])('that succeeded despite the status %i is not repeated', async (status) => {
    const done = { kind: 'done, and an error', status, code: 'DeadlineExceededError' } as const;
    const { server, time, verdicts, file, uploads } = await upload(() => done);
    await time.run(12 * HOUR);
    expect(uploads()).toBe(1);
    expect(server.uploads.get(file.sha256)).toHaveLength(1);
    expect(verdicts()).toMatchObject([{ state: 'analysed', sha256: file.sha256 }]);
  });

  it('that got 503 is repeated without another lookup', async () => {
    const busy = { kind: 'error', status: 503, code: 'TransientError' } as const;
    const { server, time, verdicts, file, uploads } = await upload((n) => (n < 4 ? busy : undefined));
    await time.run(12 * HOUR);
    expect(uploads()).toBe(4);
    const asked = server.requests.filter(
      ({ method, path }) => method === 'GET' && path.startsWith('/files/'),
    );
    // Before the upload, and after its analysis.
    expect(asked).toHaveLength(2);
    expect(verdicts()).toMatchObject([{ state: 'analysed', sha256: file.sha256 }]);
  });

  it('waits for a report that is late after its analysis', async () => {
    const { server, time, verdicts, file } = await upload(() => undefined, 'caught');
    let late = 3;
    server.setFault(({ path }) => {
      if (!path.startsWith('/files/') || server.uploads.size === 0 || late === 0) return undefined;
      late -= 1;
      return { kind: 'error', status: 404, code: 'NotFoundError' };
    });
    await time.run(12 * HOUR);
    expect(late).toBe(0);
    expect(verdicts()).toMatchObject([{ state: 'analysed' }]);
    expect(server.comments.get(file.sha256)).toEqual(['caught']);
  });
});

describe('virustotal that stops during a request', () => {
  it('resumes with that file when it starts again', async () => {
    const started = await startVirusTotal();
    const { server, time, deliver, verdicts, restart } = started;
    const known = madeUpFile('known', START);
    server.know(known);
    let arrived = (): void => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    server.setFault(({ path }) => {
      if (!path.startsWith('/files/')) return undefined;
      arrived();
      return { kind: 'slow', milliseconds: 600_000 };
    });
    deliver(captured(known));
    const running = time.run(MINUTE);
    await arrival;
    server.setFault(undefined);
    await restart();
    await running;
    await time.run(MINUTE);
    expect(verdicts()).toMatchObject([{ state: 'known' }]);
  });
});
