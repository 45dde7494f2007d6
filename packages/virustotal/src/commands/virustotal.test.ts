import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { madeUpFile } from '@ihandler/test-support/virustotal-server';
import { commandContext } from '@ihandler/testkit';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { captured } from '../testing/captured.ts';
import { START, type Started, startVirusTotal, temporaryFolder } from '../testing/start-virustotal.ts';
import { virustotalCommand } from './virustotal.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Runs the command beside the handler. */
async function run(
  { server, dataDir, time }: Pick<Started, 'server' | 'dataDir' | 'time'>,
  positionals: readonly string[],
  options: Readonly<Record<string, unknown>> = {},
) {
  const lent = commandContext({
    instances: [
      { instance: 'virustotal', options: { apiKey: server.key, url: server.url, ...options }, dataDir },
    ],
    now: time.now,
  });
  const code = await virustotalCommand.run({ options: {}, positionals }, lent.context);
  const { output, warnings } = lent;
  expect(output + warnings.join()).not.toContain(server.key);
  return { code, output, warnings };
}

describe('virustotal status', () => {
  it('shows the backlog by state, the quota and the current problem', async () => {
    const started = await startVirusTotal();
    const { server, deliver, time } = started;
    server.setFault(() => ({ kind: 'error', status: 401, code: 'WrongCredentialsError' }));
    deliver(captured(madeUpFile('one', START)), captured(madeUpFile('two', START)));
    await time.run(MINUTE);
    const { code, output } = await run(started, ['status']);
    expect(code).toBe(0);
    expect(output).toMatch(/^to look up +2$/m);
    expect(output).toMatch(/^requests today \(UTC\) +1 of 500, 499 left$/m);
    expect(output).toMatch(/^key rejected +until 2026-01-15 13:00:\d\dZ \(401 WrongCredentialsError\)$/m);
  });

  it('shows the time of the last problem', async () => {
    const started = await startVirusTotal();
    const { server, deliver, time } = started;
    const known = madeUpFile('one', START);
    server.know(known);
    let once = true;
    server.setFault(({ path }) => {
      if (!path.startsWith('/files/') || !once) return undefined;
      once = false;
      return { kind: 'error', status: 503, code: 'TransientError' };
    });
    deliver(captured(known));
    await time.run(HOUR);
    const { output } = await run(started, ['status']);
    expect(output).toMatch(/^verdicts so far +1 known/m);
    expect(output).toMatch(/^last problem +2026-01-15 12:00:\d\dZ \(503 TransientError\)$/m);
    for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('reports a missing backlog, and creates none', async () => {
    const started = await startVirusTotal();
    const dataDir = join(temporaryFolder(), 'none');
    await expect(run({ ...started, dataDir }, ['status'])).rejects.toThrow(/No backlog found at /);
    expect(existsSync(dataDir)).toBe(false);
  });
});

describe('virustotal lookup', () => {
  it.each([0o022, 0o002, 0o077])(
    'makes a data folder that others cannot read, under umask %i',
    async (mask) => {
      const started = await startVirusTotal();
      const before = process.umask(mask);
      onTestFinished(() => void process.umask(before));
      const above = temporaryFolder();
      const dataDir = join(above, 'data', 'virustotal');
      await run({ ...started, dataDir }, ['lookup', 'a'.repeat(64)]).catch(() => undefined);
      const modes = ['data', 'data/virustotal', 'data/virustotal/virustotal.sqlite'].map(
        (name) => statSync(join(above, name)).mode & 0o777,
      );
      expect(modes).toEqual([0o750, 0o750, 0o640].map((mode) => mode & ~mask));
    },
  );

  it('looks a hash up at once with the reserved quota and shows the report', async () => {
    const started = await startVirusTotal();
    const { server, deliver, time, verdicts } = started;
    const [wanted, ...others] = ['wanted', 'a', 'b', 'c', 'd'].map((name) => madeUpFile(name, START));
    if (wanted === undefined) throw new Error('there is none');
    server.know(wanted, ...others);
    deliver(captured(wanted), ...others.map((file) => captured(file)));
    await time.run(1000);
    expect(server.requests).toHaveLength(3);
    const { code, output } = await run(started, ['lookup', wanted.md5.toUpperCase()]);
    expect(code).toBe(0);
    expect(output).toContain('9 of 10 engines, trojan.conficker/kido');
    expect(output).toContain(`https://www.virustotal.com/gui/file/${wanted.sha256}`);
    expect(output).not.toContain('\u001b');
    await expect(run(started, ['lookup', wanted.md5])).rejects.toThrow(/quota .* until 2026-01-15 12:01/);
    await time.run(2 * MINUTE);
    expect((await run(started, ['lookup', wanted.sha1])).output).toContain(wanted.sha256);
    await expect(run(started, ['retry', wanted.sha1])).rejects.toThrow(/SHA-256 or an MD5/);
    await time.run(HOUR);
    expect(verdicts().filter(({ md5 }) => md5 === wanted.md5)).toHaveLength(1);
    expect(server.quota.violations).toEqual([]);
  });

  it('reports an unknown file and problems', async () => {
    const started = await startVirusTotal();
    const hash = 'a'.repeat(64);
    expect(await run(started, ['lookup', hash])).toMatchObject({
      code: 1,
      output: expect.stringContaining('does not know'),
    });
    await expect(run(started, ['lookup', hash], { apiKey: 'w'.repeat(64) })).rejects.toThrow(
      /rejects the key/,
    );
    await started.server.stop();
    await expect(run(started, ['lookup', hash])).rejects.toThrow(/Unexpected response from VirusTotal/);
    await expect(run(started, ['lookup', '\u001b[31mred'])).rejects.toThrow(
      /SHA-256, a SHA-1 or an MD5.*\\u001b/,
    );
    await expect(run(started, ['lookup'])).rejects.toThrow(/one hash/);
    await expect(run(started, ['eat'])).rejects.toThrow(/status, lookup, retry, backfill/);
  });
});

describe('virustotal retry', () => {
  it('retries everything at once, even tasks that wait for another day', async () => {
    const started = await startVirusTotal();
    const { server, deliver, time, handler } = started;
    const known = madeUpFile('known', START);
    server.know(known);
    server.setFault(() => ({ kind: 'error', status: 429, code: 'QuotaExceededError', retryAfter: 86_000 }));
    deliver(captured(known));
    await time.run(MINUTE);
    server.setFault(undefined);
    expect((await run(started, ['retry'])).code).toBe(0);
    // A running handler continues within a minute; here time stands still unless it is woken.
    deliver(captured(madeUpFile('another', START)));
    await time.run(2 * MINUTE);
    expect(handler.counters?.()).toMatchObject({ known: 1, unknown: 1 });
  });

  it('looks one file up again from the start', async () => {
    const started = await startVirusTotal();
    const known = madeUpFile('known', START);
    started.server.know(known);
    started.deliver(captured(known));
    await started.time.run(MINUTE);
    expect((await run(started, ['retry', known.md5])).code).toBe(0);
    expect((await run(started, ['retry', 'f'.repeat(32)])).code).toBe(1);
    await started.restart();
    await started.time.run(MINUTE);
    expect(started.verdicts()).toHaveLength(2);
  });
});

describe('virustotal backfill', () => {
  it('looks up every hash of a database, after current captures', async () => {
    const started = await startVirusTotal({ options: { perMinute: 100 } });
    const { server, time, deliver, verdicts, folder } = started;
    const old = Array.from({ length: 20 }, (_, index) => madeUpFile(`old ${index}`, START));
    server.know(...old);
    const file = join(folder, 'dionaea.sqlite');
    const database = new Database(file);
    database.exec(
      'CREATE TABLE downloads (download INTEGER PRIMARY KEY, connection INTEGER, download_url TEXT, download_md5_hash TEXT)',
    );
    const add = database.prepare('INSERT INTO downloads (download_url, download_md5_hash) VALUES (?, ?)');
    for (const { md5 } of [...old, ...old]) add.run('', md5);
    add.run('', 'no hash');
    add.run('', null);
    add.run('', Buffer.from(old[0]?.md5 ?? ''));
    expect(await run(started, ['backfill', file])).toMatchObject({
      code: 0,
      output: '22 hashes read, 20 added to the backlog\n',
    });
    database.close();
    deliver(captured(madeUpFile('today', START)));
    await time.run(30 * MINUTE);
    expect(verdicts().length).toBe(21);
    expect(verdicts().findIndex(({ state }) => state === 'unknown')).toBeLessThan(2);
  });

  it('stops when the backlog is full, and rejects other files', async () => {
    const started = await startVirusTotal();
    const file = join(started.folder, 'log.sqlite');
    const database = new Database(file);
    database.exec('CREATE TABLE downloads (download INTEGER PRIMARY KEY, download_md5_hash TEXT)');
    for (let n = 0; n < 30; n += 1)
      database.prepare('INSERT INTO downloads (download_md5_hash) VALUES (?)').run(madeUpFile(`${n}`, 0).md5);
    const { output, warnings } = await run(started, ['backfill', file], { backlog: 12 });
    expect(output).toContain('12 added to the backlog');
    expect(warnings.join()).toContain('full');
    expect(started.handler.counters?.()).toMatchObject({ backlog: 12, skipped: 0 });
    database.exec('BEGIN EXCLUSIVE');
    const start = performance.now();
    await expect(run(started, ['backfill', file])).rejects.toThrow(`${file} is locked by another program`);
    expect(performance.now() - start).toBeLessThan(2000);
    database.exec('COMMIT; DROP TABLE downloads');
    await expect(run(started, ['backfill', file])).rejects.toThrow(/no table downloads/);
    await expect(run(started, ['backfill', join(started.folder, 'none')])).rejects.toThrow(
      /none does not exist/,
    );
    database.close();
  });
});
