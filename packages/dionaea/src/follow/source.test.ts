import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { recording } from '@ihandler/test-support/recordings';
import { createDurableHost, until } from '@ihandler/testkit';
import { describe, expect, it } from 'vitest';
import dionaea from '../index.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { runSource } from '../testing/run-source.ts';
import dionaeaFollow from './source.ts';

const second = (n: number) => new Date(Date.UTC(2026, 10, 22) + n * 1000).toISOString().slice(0, 19);

function line(n: number, text = ''): string {
  return `{"timestamp": "${second(n)}", "name": "dionaea", "origin": "dionaea.download.offer", "data": {"url": "http://192.0.2.1/${n}${text}"}}\n`;
}

function world() {
  const folder = temporaryFolder();
  const file = join(folder, 'incident.json');
  const host = createDurableHost();
  const urls = () => host.incidents.map(({ data }) => String(data['url']).slice('http://192.0.2.1/'.length));
  const follow = (options = {}) => host.run(dionaeaFollow({ file, poll: '5ms', ...options }));
  const arrive = (...expected: (string | number)[]) =>
    until(() => urls().length >= expected.length, `${expected.length} incidents arrived`).then(() =>
      expect(urls()).toEqual(expected.map(String)),
    );
  return { folder, file, host, urls, follow, arrive, beside: (name: string) => join(folder, name) };
}

describe('dionaea-follow', () => {
  it('gives the incidents of an import of the same file, marked as local', async () => {
    const { file, host, follow } = world();
    copyFileSync(recording('dionaea-a/log_incident.ndjson'), file);
    const imported = await runSource(dionaea({ file }));
    const { stop } = follow();
    await until(() => host.incidents.length >= imported.incidents.length, 'all incidents arrived');
    await stop();
    expect(host.incidents.every(({ local }) => local === true)).toBe(true);
    expect(host.incidents.map(({ local, ...rest }) => rest)).toEqual(imported.incidents);
  });

  it('does not mark incidents as local when the option remote is set', async () => {
    const { file, host, follow, arrive } = world();
    writeFileSync(file, line(1));
    const { stop } = follow({ remote: true });
    await arrive(1);
    await stop();
    expect(host.incidents[0]).not.toHaveProperty('local');
  });

  it('waits for the file, its folder, its first line and the end of each line', async () => {
    const { folder, host, arrive } = world();
    const file = join(folder, 'later', 'incident.json');
    const { stop } = host.run(dionaeaFollow({ file, poll: '5ms' }));
    const wait = () => new Promise((resolve) => setTimeout(resolve, 30));
    await wait();
    mkdirSync(join(folder, 'later'));
    writeFileSync(file, '');
    await wait();
    appendFileSync(file, line(1).slice(0, 20));
    await wait();
    appendFileSync(file, line(1).slice(20) + line(2).slice(0, 30));
    await arrive(1);
    await wait();
    expect(host.incidents).toHaveLength(1);
    appendFileSync(file, line(2).slice(30));
    await arrive(1, 2);
    await stop();
    expect(host.rejects).toEqual([]);
  });

  it('starts at the end of the file when the option start says so, and reads every later line', async () => {
    const { file, host, follow, arrive, beside } = world();
    writeFileSync(file, line(1) + line(2).slice(0, 10));
    const { stop } = follow({ start: 'end' });
    await until(() => host.reports() > 0, 'the file was checked');
    appendFileSync(file, line(2).slice(10));
    await arrive(2);
    await stop();
    renameSync(file, beside('incident.json.1'));
    writeFileSync(file, line(3));
    const again = follow({ start: 'end' });
    await arrive(2, 3);
    await again.stop();
  });

  it('resumes after the lines of an import', async () => {
    const { file, host, follow, arrive } = world();
    writeFileSync(file, line(1) + line(2).trimEnd());
    const imported = await runSource(dionaea({ file }));
    const source = { ...dionaea({ file }), name: 'dionaea' };
    await host.run(source).ended;
    expect(host.incidents).toHaveLength(imported.incidents.length);
    appendFileSync(file, `\n${line(3)}`);
    const { stop } = follow();
    await arrive(1, 2, 3);
    await stop();
  });
});

describe('dionaea-follow during a rotation', () => {
  it('finishes a renamed file, including an incomplete line, before the new one', async () => {
    const { file, host, follow, arrive, beside } = world();
    writeFileSync(file, line(1));
    const { stop } = follow();
    await arrive(1);
    renameSync(file, beside('incident.json.1'));
    appendFileSync(beside('incident.json.1'), line(2));
    await arrive(1, 2);
    writeFileSync(file, '');
    appendFileSync(beside('incident.json.1'), line(3) + line(4).slice(0, 40));
    appendFileSync(file, line(5));
    await arrive(1, 2, 3, 5);
    await stop();
    expect(host.rejects).toMatchObject([{ reason: expect.stringMatching(/^The last line is incomplete/) }]);
  });

  it('reads the remaining lines of a copied and truncated file from the copy', async () => {
    const { file, follow, arrive, beside } = world();
    writeFileSync(file, line(1));
    const { stop } = follow({ poll: '200ms' });
    await arrive(1);
    appendFileSync(file, line(2));
    copyFileSync(file, beside('incident.json.1'));
    truncateSync(file);
    appendFileSync(file, line(3) + line(4));
    await arrive(1, 2, 3, 4);
    await stop();
  });

  it('continues after a file was truncated in place, and logs that lines may be lost', async () => {
    const { file, host, follow, arrive } = world();
    writeFileSync(file, line(1) + line(2));
    const { stop } = follow();
    await arrive(1, 2);
    truncateSync(file);
    appendFileSync(file, line(3));
    await arrive(1, 2, 3);
    await stop();
    expect(host.messages).toEqual([
      'cannot find the rest of a rotated part: if rotations move it to another folder (olddir of logrotate), set "rotatedTo" of this source to that folder; import that file if you find it',
    ]);
  });

  it('continues in a file that replaced one with the same text, as rsync does', async () => {
    const { file, host, follow, arrive, beside } = world();
    writeFileSync(file, line(1));
    const { stop } = follow();
    await arrive(1);
    writeFileSync(beside('.new'), line(1) + line(2));
    renameSync(beside('.new'), file);
    await arrive(1, 2);
    await stop();
    expect(new Set(host.incidents.map(({ id }) => id.split(':')[0])).size).toBe(1);
  });

  it('uses another stream for a part that begins with the same line, and reads only its new lines', async () => {
    const { file, host, follow, arrive, beside } = world();
    writeFileSync(file, line(1));
    const { stop } = follow();
    await arrive(1);
    renameSync(file, beside('incident.json.1'));
    writeFileSync(file, line(1) + line(2));
    await arrive(1, 2);
    await stop();
    renameSync(beside('incident.json.1'), beside('incident.json.2'));
    renameSync(file, beside('incident.json.1'));
    writeFileSync(file, line(1) + line(2) + line(3));
    const again = follow();
    await arrive(1, 2, 3);
    await again.stop();
    expect(host.messages).toEqual([]);
  });
});

describe('dionaea-follow after rotations while it was stopped', () => {
  it('reads the remaining parts, gzipped or not, in the order in which they were written', async () => {
    const { file, follow, arrive, beside } = world();
    writeFileSync(beside('incident.json.9'), line(0));
    writeFileSync(file, line(1));
    const { stop } = follow();
    await arrive(1);
    await stop();
    appendFileSync(file, line(2));
    writeFileSync(beside('incident.json.3.gz'), gzipSync(readFileSync(file)));
    unlinkSync(file);
    writeFileSync(beside('incident.json-20261124'), line(3) + line(4));
    writeFileSync(beside('incident-20261125.json.gz'), gzipSync(line(5)));
    writeFileSync(beside('incident.json.txt'), 'notes\n');
    writeFileSync(file, line(6));
    const again = follow();
    await arrive(1, 2, 3, 4, 5, 6);
    await again.stop();
    await follow().stop();
    await arrive(1, 2, 3, 4, 5, 6);
  });

  it('waits for gzip data that is being written, and reads what it can of a file that stays incomplete', async () => {
    const { file, host, follow, arrive, beside } = world();
    writeFileSync(file, line(1));
    const { stop } = follow();
    await arrive(1);
    await stop();
    appendFileSync(file, line(2));
    const whole = gzipSync(readFileSync(file));
    writeFileSync(beside('incident.json.1.gz'), whole.subarray(0, 60));
    unlinkSync(file);
    writeFileSync(file, line(3));
    const again = follow();
    await until(() => host.messages.length > 0, 'a warning was logged');
    writeFileSync(beside('incident.json.1.gz'), whole);
    await arrive(1, 2, 3);
    await again.stop();

    const long = Array.from({ length: 3000 }, (_, n) => line(n + 4, String(Math.random())));
    const cut = gzipSync(line(3) + long.join('')).subarray(0, -2000);
    unlinkSync(file);
    writeFileSync(beside('incident.json.2.gz'), cut);
    utimesSync(beside('incident.json.2.gz'), new Date(0), new Date(0));
    writeFileSync(file, line(9999));
    const last = follow();
    await until(
      () => host.incidents.at(-1)?.data['url'] === 'http://192.0.2.1/9999',
      'the last incident arrived',
    );
    await last.stop();
    expect(host.incidents.length).toBeGreaterThan(2000);
    expect(host.messages).toContain('compressed data is damaged: the lines after that position are lost');
  });

  it('continues in the followed file when a copy of it has the inode of the part', async () => {
    const { file, host, follow, arrive, beside } = world();
    writeFileSync(file, line(1));
    const { stop } = follow();
    await arrive(1);
    await stop();
    // As when a copy gets the inode of a file that was replaced.
    renameSync(file, beside('incident.json.1'));
    copyFileSync(beside('incident.json.1'), file);
    appendFileSync(file, line(2));
    const again = follow();
    await arrive(1, 2);
    await again.stop();
    expect(new Set(host.incidents.map(({ id }) => id.split(':')[0])).size).toBe(1);
  });

  it('is not misled by an inode that the file system reuses for another file', async () => {
    const { file, host, follow, arrive } = world();
    writeFileSync(file, line(1) + line(2));
    const { stop } = follow();
    await arrive(1, 2);
    await stop();
    writeFileSync(file, line(3) + line(4) + line(5));
    const again = follow();
    await arrive(1, 2, 3, 4, 5);
    await again.stop();
    expect(host.largestState()).toBeLessThan(500);
  });
});

describe('dionaea-follow with an unreadable file', () => {
  it('waits for it, and logs the reason once', async () => {
    const { file, host, follow, arrive } = world();
    symlinkSync(file, file);
    const { stop } = follow();
    await until(() => host.messages.length > 0, 'the warning was logged');
    unlinkSync(file);
    writeFileSync(file, line(1));
    await arrive(1);
    await stop();
    const warning = 'cannot read the file or its rotated parts; retrying';
    expect(host.messages).toEqual([warning]);
  });
});
