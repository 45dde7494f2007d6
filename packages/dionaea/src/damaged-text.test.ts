import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createDurableHost, until } from '@ihandler/testkit';
import { describe, expect, it } from 'vitest';
import dionaeaFollow from './follow/source.ts';
import dionaea, { recognises } from './index.ts';
import { temporaryFile } from './testing/folder.ts';
import { followWorld, incidentLine as line } from './testing/follow-world.ts';
import { runSource } from './testing/run-source.ts';

const mark = '\ufeff';
const urlsOf = (incidents: readonly { readonly data: Readonly<Record<string, unknown>> }[]) =>
  incidents.map(({ data }) => String(data['url']).slice('http://192.0.2.1/'.length));

describe('a line that its writer left half and continued', () => {
  const half = line(2).slice(0, 70);
  const text = line(1) + half + line(3) + line(4);

  it('gives the whole incident at its end, and a reject for the half', async () => {
    const file = temporaryFile(text);
    const { incidents, rejects, checkpoint } = await runSource(dionaea({ file }));
    expect(urlsOf(incidents)).toEqual(['1', '3', '4']);
    expect(rejects).toMatchObject([
      {
        offset: line(1).length,
        length: half.length,
        text: half,
        reason: expect.stringContaining('inside a line'),
      },
    ]);
    appendFileSync(file, half + line(5));
    const again = await runSource(dionaea({ file }), checkpoint);
    expect(urlsOf(again.incidents)).toEqual(['5']);
    appendFileSync(file, line(6));
    const last = await runSource(dionaea({ file }), again.checkpoint);
    expect(urlsOf(last.incidents)).toEqual(['6']);
  });

  it('gives the same when the file is followed', async () => {
    const { file, host, follow, arrive } = followWorld();
    writeFileSync(file, text);
    const { stop } = follow();
    await arrive(1, 3, 4);
    await stop();
    expect(host.rejects).toMatchObject([{ length: half.length }]);
  });

  it('is not fooled by the text of an attacker', async () => {
    const url = '{"timestamp": "2026-11-22T00:00:00", "origin": "x", "data": {}}';
    const attack = JSON.stringify({ timestamp: '2026-11-22T00:00:00', origin: 'a.b', data: { url } });
    const file = temporaryFile(`${line(1)}${attack.slice(0, -1)}\n`);
    const { incidents, rejects } = await runSource(dionaea({ file }));
    expect([incidents.length, rejects.length]).toEqual([1, 1]);
  });
});

describe('NUL bytes and byte order marks before a line', () => {
  const text = `${mark}${line(1)}${mark}${line(2)}\0\0\0${mark}${line(3)}\0\0${line(4)}`;

  it('do not cost the incident behind them', async () => {
    const { incidents } = await runSource(dionaea({ file: temporaryFile(text) }));
    expect(urlsOf(incidents)).toEqual(['1', '2', '3', '4']);
  });

  it('do not hide the format of a file, even tens of megabytes at its beginning', async () => {
    const nulls = Buffer.alloc(30_000_000);
    expect(recognises(Buffer.from(`\0\0\0${mark}${line(1)}`), '/x')).toBe(true);
    const file = temporaryFile(Buffer.concat([nulls, Buffer.from(line(1) + line(2))]));
    const { incidents, rejects, checkpoint } = await runSource(dionaea({ file }));
    expect(urlsOf(incidents)).toEqual(['1', '2']);
    expect(rejects).toMatchObject([{ offset: 0, length: nulls.length }]);
    appendFileSync(file, line(3));
    expect(urlsOf((await runSource(dionaea({ file }), checkpoint)).incidents)).toEqual(['3']);
  });
});

describe('a file in another format', () => {
  it.each([
    ['UTF-16 text', Buffer.from(`${mark}${line(1)}`, 'utf16le'), /iconv -f UTF-16/],
    ['UTF-16 text without a mark', Buffer.from(line(1), 'utf16le'), /iconv -f UTF-16LE/],
    ['xz data', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0]), /xz -dc/],
    ['bzip2 data', Buffer.from('BZh91AY&SY'), /bzip2 -dc/],
    ['a JSON array', Buffer.from(`[${line(1)}]`), /jq -c/],
  ])('is named with the command that helps: %s', async (_name, bytes, command) => {
    const file = temporaryFile(bytes);
    await expect(runSource(dionaea({ file, format: 'log_incident' }))).rejects.toThrow(command);
  });
});

/** Follows a file and gives the problems that the source tells. */
function watched(file: string) {
  const problems: (string | undefined)[] = [];
  const host = createDurableHost({ problem: (reason) => problems.push(reason) });
  return { problems, host, ...host.run(dionaeaFollow({ file, poll: '5ms' })) };
}

describe('dionaea-follow tells a problem', () => {
  it.each([
    [
      'log_json',
      `{"connection": {"protocol": "httpd", "transport": "tcp", "type": "accept"}, "dst_ip": "192.0.2.1", "dst_port": 80, "src_hostname": "", "src_ip": "198.51.100.7", "src_port": 37778, "timestamp": "2026-11-22T06:24:54.818667"}\n`,
      /log_json.*Enable log_incident/,
    ],
    ['xz data', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0]), /xz data/],
    ['an SQLite database', 'SQLite format 3\0\n', /dionaea-database/],
    ['other lines', 'hello\n', /found hello/],
  ])('when the file holds %s, until it holds incidents', async (_name, content, message) => {
    const file = temporaryFile(content);
    const { problems, stop } = watched(file);
    await until(() => problems.at(-1) !== undefined, 'the problem was told');
    expect(problems.at(-1)).toMatch(message);
    unlinkSync(file);
    writeFileSync(file, line(1));
    await until(() => problems.at(-1) === undefined, 'the problem was over');
    await stop();
  });

  it('when the file cannot be read, until it can', async () => {
    const { file, host, folder } = followWorld();
    expect(host.incidents).toEqual([]);
    symlinkSync(file, file);
    const { problems, stop, host: own } = watched(file);
    await until(() => problems.at(-1) !== undefined, 'the problem was told');
    expect(problems.at(-1)).toContain(file);
    unlinkSync(file);
    mkdirSync(file);
    await until(() => /folder/.test(problems.at(-1) ?? ''), 'the folder was named');
    rmdirSync(file);
    writeFileSync(file, line(1));
    await until(() => own.incidents.length === 1 && problems.at(-1) === undefined, 'it was read');
    await stop();
    chmodSync(folder, 0o700);
  });

  it('not for a file that does not exist yet, or a few invalid lines', async () => {
    const { file, rest } = followWorld();
    const { problems, host, stop } = watched(file);
    await rest();
    writeFileSync(file, `${line(1)}invalid\n`);
    await until(() => host.rejects.length === 1, 'the line was rejected');
    await rest();
    await stop();
    expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  });
});
