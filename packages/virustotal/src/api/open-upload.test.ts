import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { capture, captured, stored } from '../testing/captured.ts';
import { startVirusTotal, temporaryFolder } from '../testing/start-virustotal.ts';
import { openUpload } from './open-upload.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const noHashes = { sha256: null, md5: null };

/** Why a file is not uploaded. */
async function reasonFor(
  path: string,
  folders: readonly string[],
  expected: { sha256: string | null; md5: string | null } = noHashes,
) {
  const opening = openUpload(path, expected, { sampleFolders: folders, maxUpload: 1000 });
  return opening.then(
    () => 'opened',
    (error: Error) => error.message,
  );
}

const notAllowed = 'the file is not readable';

describe('openUpload', () => {
  it('opens a file in an allowed folder if it has the reported hash', async () => {
    const folder = temporaryFolder();
    const file = capture(folder, 'MZ');
    expect(await reasonFor(file.file, [folder], file)).toBe('opened');
    expect(await reasonFor(file.file, [folder], { sha256: null, md5: '0'.repeat(32) })).toMatch(
      /another hash than the captured one/,
    );
    expect(await reasonFor(file.file, [folder], { sha256: '0'.repeat(64), md5: file.md5 })).toMatch(
      /another hash than the captured one/,
    );
  });

  it('opens no other file: not by "..", a link, a similar prefix, or as a device', async () => {
    const folder = temporaryFolder();
    const allowed = join(folder, 'binaries');
    const beside = join(folder, 'binaries-not');
    for (const each of [allowed, beside]) mkdirSync(each);
    const secret = capture(beside, 'secret');
    symlinkSync(secret.file, join(allowed, 'link'));
    symlinkSync(beside, join(allowed, 'folder'));
    execFileSync('mkfifo', [join(allowed, 'pipe')]);
    for (const path of [
      secret.file,
      join(allowed, '..', 'binaries-not', secret.md5),
      `${allowed}/../binaries-not/${secret.md5}`,
      join(allowed, 'link'),
      join(allowed, 'folder', secret.md5),
      join(allowed, 'pipe'),
      allowed,
      '/dev/zero',
      '/etc/passwd',
      'relative',
      '',
      'nul\0byte',
      `${allowed}/${'x'.repeat(5000)}`,
    ])
      expect(await reasonFor(path, [allowed]), path).toBe(notAllowed);
    expect(await reasonFor(secret.file, [])).toBe(notAllowed);
  });

  it('says that a file is missing, empty or too large', async () => {
    const folder = temporaryFolder();
    expect(await reasonFor(join(folder, 'gone'), [folder])).toBe('the file no longer exists');
    expect(await reasonFor(capture(folder, '').file, [folder])).toBe('the file is empty');
    expect(await reasonFor(capture(folder, 'x'.repeat(1001)).file, [folder])).toMatch(/larger than 1000/);
  });

  it('does not send the end of a file that changes meanwhile', async () => {
    const folder = temporaryFolder();
    const { file } = capture(folder, 'x'.repeat(900));
    const upload = await openUpload(file, noHashes, { sampleFolders: [folder], maxUpload: 1000 });
    appendFileSync(file, 'more');
    const sent: Uint8Array[] = [];
    const sending = (async () => {
      for await (const chunk of upload.bytes()) sent.push(chunk);
    })();
    await expect(sending).rejects.toThrow('changed');
    expect(sent).toEqual([]);
  });
});

describe('virustotal with the file of an incident', () => {
  const upload = { upload: true, comment: 'caught' };

  it('opens no file of a sensor on another machine', async () => {
    const folder = temporaryFolder();
    const { deliver, time, server, verdicts } = await startVirusTotal({
      options: { ...upload, sampleFolders: [folder] },
    });
    deliver(captured(capture(folder, 'never seen')));
    await time.run(HOUR);
    expect(server.uploads.size).toBe(0);
    expect(verdicts()).toMatchObject([
      { state: 'unknown', reason: 'unknown, and the file is not on this machine' },
    ]);
  });

  it('uploads a file once a store has kept it, however late the store is', async () => {
    const { deliver, time, server, dataDir, verdicts } = await startVirusTotal({ options: upload });
    const binaries = temporaryFolder();
    const samples = join(dataDir, '..', 'store', 'samples');
    mkdirSync(samples, { recursive: true });
    const late = capture(binaries, 'never seen');
    // The sensor's folder is not allowed, so only the store's copy may be uploaded.
    deliver(captured({ ...late, local: true }));
    await time.run(HOUR);
    expect(verdicts()).toMatchObject([{ state: 'unknown', reason: notAllowed }]);
    const kept = capture(samples, 'never seen');
    deliver(stored(kept, 10, 'text/plain', kept.file));
    await time.run(HOUR);
    expect(server.uploads.get(kept.sha256)).toEqual([kept.sha256]);
    expect(verdicts().map(({ state }) => state)).toEqual(['unknown', 'analysed']);
    deliver(stored(kept, 10, 'text/plain', kept.file), captured({ ...late, local: true }));
    await time.run(HOUR);
    expect(verdicts()).toHaveLength(2);
  });

  it('uses the file on this machine if a store on another machine has the sample, too', async () => {
    const folder = temporaryFolder();
    const { deliver, time, server } = await startVirusTotal({
      options: { ...upload, sampleFolders: [folder] },
    });
    const file = capture(folder, 'never seen');
    const outside = join(folder, '..', `outside-${file.md5}`);
    deliver(
      captured({ ...file, local: true }),
      stored(file, 10, 'text/plain', '/srv/samples/elsewhere'),
      stored(file, 10, 'text/plain', join(folder, 'not-here')),
      stored(file, 10, 'text/plain', outside),
      stored(file, 10, 'text/plain', `${folder}/../x`),
      stored(file, 10, 'text/plain', `${folder}/x\0y`),
    );
    await time.run(HOUR);
    expect(server.uploads.get(file.sha256)).toEqual([file.sha256]);
  });

  it('uploads a file under its hash instead of its name', async () => {
    const folder = temporaryFolder();
    const { deliver, time, server } = await startVirusTotal({
      options: { ...upload, sampleFolders: [folder] },
    });
    const names = [
      '"; filename="x',
      'a\r\nX-Evil: 1',
      '\u202egpj.exe',
      "ü*'%00",
      '-rf',
      `${'n'.repeat(250)}`,
    ];
    for (const [index, name] of names.entries()) {
      const { sha256, md5 } = capture(folder, `content ${index}`);
      writeFileSync(join(folder, name), `content ${index}`);
      rmSync(join(folder, md5));
      deliver(captured({ md5, file: join(folder, name), local: true }));
      await time.run(DAY / 4);
      expect(server.uploads.get(sha256), name).toEqual([sha256]);
    }
  });

  it('reports an unknown file that no longer exists as unknown', async () => {
    const folder = temporaryFolder();
    const { deliver, time, verdicts } = await startVirusTotal({
      options: { ...upload, sampleFolders: [folder] },
    });
    const file = capture(folder, 'gone soon');
    deliver(captured({ ...file, local: true }));
    rmSync(file.file);
    await time.run(HOUR);
    expect(verdicts()).toMatchObject([{ state: 'unknown', reason: 'the file no longer exists' }]);
    expect(JSON.stringify(verdicts())).not.toContain(folder);
  });

  it('ignores an incident without a hash', async () => {
    const { deliver, time, server, handler } = await startVirusTotal();
    for (const md5 of ['', 'x', '../../../users/me', `${'0'.repeat(31)}/`, '0'.repeat(33), '٠'.repeat(32)])
      deliver(captured({ md5 }));
    await time.run(DAY);
    expect(server.requests).toEqual([]);
    expect(handler.counters?.()).toMatchObject({ refused: 6, backlog: 0 });
  });

  it('tells two files with the same MD5 apart by their SHA-256', async () => {
    const { deliver, time, server } = await startVirusTotal();
    const hash = (text: string) => createHash('sha256').update(text).digest('hex');
    const md5 = '0'.repeat(32);
    deliver(stored({ md5, sha256: hash('one') }, 3, 'x'), stored({ md5, sha256: hash('two') }, 3, 'x'));
    await time.run(HOUR);
    const asked = server.requests.map(({ path }) => path).filter((path) => path.startsWith('/files/'));
    expect(asked.sort()).toEqual([`/files/${hash('one')}`, `/files/${hash('two')}`].sort());
  });
});
