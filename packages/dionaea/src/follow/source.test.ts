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
import { describe, expect, it } from 'vitest';
import dionaea from '../index.ts';
import { createDurableHost, until } from '../testing/durable-host.ts';
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
  const came = (...expected: (string | number)[]) =>
    until(() => urls().length >= expected.length, `${expected.length} came`).then(() =>
      expect(urls()).toEqual(expected.map(String)),
    );
  return { folder, file, host, urls, follow, came, beside: (name: string) => join(folder, name) };
}

describe('following a file', () => {
  it('brings the incidents that an import of it brings, and says that files are here', async () => {
    const { file, host, follow } = world();
    copyFileSync(recording('dionaea-a/log_incident.ndjson'), file);
    const imported = await runSource(dionaea({ file }));
    const { stop } = follow();
    await until(() => host.incidents.length >= imported.incidents.length, 'all came');
    await stop();
    expect(host.incidents.every(({ local }) => local === true)).toBe(true);
    expect(host.incidents.map(({ local, ...rest }) => rest)).toEqual(imported.incidents);
  });

  it('does not say so of a file from elsewhere', async () => {
    const { file, host, follow, came } = world();
    writeFileSync(file, line(1));
    const { stop } = follow({ remote: true });
    await came(1);
    await stop();
    expect(host.incidents[0]).not.toHaveProperty('local');
  });

  it('waits for a file, its folder, its first line and the end of each line', async () => {
    const { folder, host, came } = world();
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
    await came(1);
    await wait();
    expect(host.incidents).toHaveLength(1);
    appendFileSync(file, line(2).slice(30));
    await came(1, 2);
    await stop();
    expect(host.rejects).toEqual([]);
  });

  it('begins at the end of a file when told to, and reads all that comes later', async () => {
    const { file, host, follow, came, beside } = world();
    writeFileSync(file, line(1) + line(2).slice(0, 10));
    const { stop } = follow({ start: 'end' });
    await until(() => host.reports() > 0, 'it was looked at');
    appendFileSync(file, line(2).slice(10));
    await came(2);
    await stop();
    renameSync(file, beside('incident.json.1'));
    writeFileSync(file, line(3));
    const again = follow({ start: 'end' });
    await came(2, 3);
    await again.stop();
  });

  it('goes on after what was imported before', async () => {
    const { file, host, follow, came } = world();
    writeFileSync(file, line(1) + line(2).trimEnd());
    const imported = await runSource(dionaea({ file }));
    const source = { ...dionaea({ file }), name: 'dionaea' };
    await host.run(source).ended;
    expect(host.incidents).toHaveLength(imported.incidents.length);
    appendFileSync(file, `\n${line(3)}`);
    const { stop } = follow();
    await came(1, 2, 3);
    await stop();
  });
});

describe('rotation while it is followed', () => {
  it('finishes a renamed file, a cut line too, before the new one', async () => {
    const { file, host, follow, came, beside } = world();
    writeFileSync(file, line(1));
    const { stop } = follow();
    await came(1);
    renameSync(file, beside('incident.json.1'));
    appendFileSync(beside('incident.json.1'), line(2));
    await came(1, 2);
    writeFileSync(file, '');
    appendFileSync(beside('incident.json.1'), line(3) + line(4).slice(0, 40));
    appendFileSync(file, line(5));
    await came(1, 2, 3, 5);
    await stop();
    expect(host.rejects).toMatchObject([{ reason: expect.stringMatching(/^The last line is cut/) }]);
  });

  it('reads the rest of what was copied and cut off from the copy', async () => {
    const { file, follow, came, beside } = world();
    writeFileSync(file, line(1));
    const { stop } = follow({ poll: '200ms' });
    await came(1);
    appendFileSync(file, line(2));
    copyFileSync(file, beside('incident.json.1'));
    truncateSync(file);
    appendFileSync(file, line(3) + line(4));
    await came(1, 2, 3, 4);
    await stop();
  });

  it('goes on after a file was cut off in place, and says what it cannot know', async () => {
    const { file, host, follow, came } = world();
    writeFileSync(file, line(1) + line(2));
    const { stop } = follow();
    await came(1, 2);
    truncateSync(file);
    appendFileSync(file, line(3));
    await came(1, 2, 3);
    await stop();
    expect(host.messages).toEqual(['the rest of an earlier part is gone: import it if you find it']);
  });

  it('goes on in a file that took the place of the same text, as rsync does', async () => {
    const { file, host, follow, came, beside } = world();
    writeFileSync(file, line(1));
    const { stop } = follow();
    await came(1);
    writeFileSync(beside('.new'), line(1) + line(2));
    renameSync(beside('.new'), file);
    await came(1, 2);
    await stop();
    expect(new Set(host.incidents.map(({ id }) => id.split(':')[0])).size).toBe(1);
  });

  it('gives a part that begins with the same line a stream of its own', async () => {
    const { file, host, follow, came, beside } = world();
    writeFileSync(file, line(1));
    const { stop } = follow();
    await came(1);
    renameSync(file, beside('incident.json.1'));
    writeFileSync(file, line(1) + line(2));
    await came(1, 1, 2);
    await stop();
    renameSync(beside('incident.json.1'), beside('incident.json.2'));
    renameSync(file, beside('incident.json.1'));
    writeFileSync(file, line(1) + line(3));
    const again = follow();
    await came(1, 1, 2, 1, 3);
    await again.stop();
    expect(new Set(host.incidents.map(({ id }) => id)).size).toBe(5);
  });
});

describe('rotation while nobody follows', () => {
  it('finds the parts that are left, gzipped or not, in the order they were written', async () => {
    const { file, follow, came, beside } = world();
    writeFileSync(beside('incident.json.9'), line(0));
    writeFileSync(file, line(1));
    const { stop } = follow();
    await came(1);
    await stop();
    appendFileSync(file, line(2));
    writeFileSync(beside('incident.json.3.gz'), gzipSync(readFileSync(file)));
    unlinkSync(file);
    writeFileSync(beside('incident.json-20261124'), line(3) + line(4));
    writeFileSync(beside('incident-20261125.json.gz'), gzipSync(line(5)));
    writeFileSync(beside('incident.json.txt'), 'notes\n');
    writeFileSync(file, line(6));
    const again = follow();
    await came(1, 2, 3, 4, 5, 6);
    await again.stop();
    await follow().stop();
    await came(1, 2, 3, 4, 5, 6);
  });

  it('waits for gzip data that is being written, and takes what there is of what stays cut', async () => {
    const { file, host, follow, came, beside } = world();
    writeFileSync(file, line(1));
    const { stop } = follow();
    await came(1);
    await stop();
    appendFileSync(file, line(2));
    const whole = gzipSync(readFileSync(file));
    writeFileSync(beside('incident.json.1.gz'), whole.subarray(0, 60));
    unlinkSync(file);
    writeFileSync(file, line(3));
    const again = follow();
    await until(() => host.messages.length > 0, 'it was told');
    writeFileSync(beside('incident.json.1.gz'), whole);
    await came(1, 2, 3);
    await again.stop();

    const long = Array.from({ length: 3000 }, (_, n) => line(n + 4, String(Math.random())));
    const cut = gzipSync(line(3) + long.join('')).subarray(0, -2000);
    unlinkSync(file);
    writeFileSync(beside('incident.json.2.gz'), cut);
    utimesSync(beside('incident.json.2.gz'), new Date(0), new Date(0));
    writeFileSync(file, line(9999));
    const last = follow();
    await until(() => host.incidents.at(-1)?.data['url'] === 'http://192.0.2.1/9999', 'the last came');
    await last.stop();
    expect(host.incidents.length).toBeGreaterThan(2000);
    expect(host.messages.at(-1)).toMatch(/^gzip data is damaged/);
  });

  it('is not misled by an inode that was given to another file', async () => {
    const { file, host, follow, came } = world();
    writeFileSync(file, line(1) + line(2));
    const { stop } = follow();
    await came(1, 2);
    await stop();
    writeFileSync(file, line(3) + line(4) + line(5));
    const again = follow();
    await came(1, 2, 3, 4, 5);
    await again.stop();
    expect(host.largestState()).toBeLessThan(500);
  });
});

describe('a file that cannot be read', () => {
  it('is waited for, and that is told once', async () => {
    const { file, host, follow, came } = world();
    symlinkSync(file, file);
    const { stop } = follow();
    await new Promise((resolve) => setTimeout(resolve, 50));
    unlinkSync(file);
    writeFileSync(file, line(1));
    await came(1);
    await stop();
    expect(host.messages).toEqual(['cannot be looked at']);
  });
});
