import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { LogTextOptions } from './handler.ts';
import { incidentOf, numbered, numbersIn, upTo } from './testing/numbered.ts';
import { namesIn, numbersInFolder, startLog, temporaryFolder, textOf } from './testing/started.ts';

const DAY = 86_400_000;

/** A started log in a new folder, with a clock. */
async function start(options: Partial<Extract<LogTextOptions, { file: string }>> = {}, begun = Date.now()) {
  const folder = temporaryFolder();
  const file = join(folder, 'a.log');
  const clock = { now: begun };
  const log = await startLog({ file, ...options }, { now: () => clock.now });
  return { folder, file, clock, ...log };
}

describe('log-text with rotation by size', () => {
  it('rotates between lines, before a line that does not fit', async () => {
    const { folder, file, write, close } = await start({ rotate: { maxSize: '10kB' } });
    await write(numbered(1, 200));
    await close();
    expect(numbersInFolder(folder)).toEqual(upTo(200));
    for (const name of namesIn(folder)) {
      const bytes = Buffer.byteLength(textOf(join(folder, name)));
      expect(bytes, name).toBeLessThanOrEqual(10_000);
      if (name !== 'a.log') expect(bytes, name).toBeGreaterThan(9800);
    }
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  it('writes a line longer than maxSize to a file of its own', async () => {
    const { folder, write, close } = await start({ format: 'json', rotate: { maxSize: '1kB' } });
    const large = incidentOf(2, 'acme.thing.seen', { text: 'x'.repeat(5000) });
    await write([incidentOf(1), large, incidentOf(3)]);
    await close();
    const ids = namesIn(folder).map((name) => JSON.parse(textOf(join(folder, name))).id);
    expect(ids).toEqual(['s:1', 's:2', 's:3']);
  });

  it('keeps 14 compressed files beside the current one, 1 the newest, readable for the group', async () => {
    const { folder, write, close } = await start({ rotate: { maxSize: '2kB' } });
    for (let first = 1; first < 1000; first += 50) await write(numbered(first, 50));
    await close();
    const expected = [
      ...upTo(14)
        .map((n) => `a.log.${n}.gz`)
        .reverse(),
      'a.log',
    ];
    expect(namesIn(folder)).toEqual(expected);
    const numbers = numbersInFolder(folder);
    expect(numbers).toEqual(upTo(1000).slice(-numbers.length));
    for (const name of namesIn(folder)) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o640);
  });

  it('keeps maxFiles rotated files, also after the option was lowered', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'a.log');
    for (const maxFiles of [6, 2]) {
      const log = await startLog({ file, rotate: { maxSize: '1kB', maxFiles, gzip: false } });
      await log.write(numbered(1, 100));
      await log.close();
      expect(namesIn(folder)).toEqual([
        ...upTo(maxFiles)
          .map((n) => `a.log.${n}`)
          .reverse(),
        'a.log',
      ]);
    }
  });

  it('never rotates with "rotate: false", and leaves other files alone', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'a.log');
    writeFileSync(`${file}.1`, 'by logrotate');
    const log = await startLog({ file, rotate: false });
    await log.write(numbered(1, 1000));
    await log.close();
    expect(namesIn(folder)).toEqual(['a.log.1', 'a.log']);
    expect(numbersIn(textOf(file))).toEqual(upTo(1000));
  });

  it('keeps the modification time of a compressed file', async () => {
    const { file, write, close } = await start({ rotate: { maxSize: '1kB' } });
    await write(numbered(1, 6));
    utimesSync(file, new Date(), new Date('2020-02-02T02:02:02Z'));
    await write(numbered(7, 5));
    await close();
    expect(statSync(`${file}.1.gz`).mtime.toISOString()).toBe('2020-02-02T02:02:02.000Z');
  });
});

describe('log-text with rotation by age', () => {
  it.each<[string, string, string, string]>([
    ['daily', '2026-11-22T00:00:01Z', '2026-11-22T23:59:59Z', '2026-11-23T00:00:00Z'],
    ['hourly', '2026-11-22T10:00:00Z', '2026-11-22T10:59:59Z', '2026-11-22T11:00:00Z'],
    ['2h', '2026-11-22T10:30:00Z', '2026-11-22T12:29:59Z', '2026-11-22T12:30:00Z'],
    ['7d', '2026-11-22T10:30:00Z', '2026-11-29T10:29:59Z', '2026-11-29T10:30:00Z'],
  ])('%s: does not rotate from %s to %s, but at %s', async (every, begun, before, after) => {
    const { folder, clock, write, close } = await start(
      { rotate: { every, gzip: false } },
      Date.parse(begun),
    );
    await write(numbered(1, 2));
    clock.now = Date.parse(before);
    await write(numbered(3, 2));
    expect(namesIn(folder)).toEqual(['a.log']);
    clock.now = Date.parse(after);
    await write([]);
    await write(numbered(5, 2));
    await write(numbered(7, 2));
    await close();
    expect(namesIn(folder)).toEqual(['a.log.1', 'a.log']);
    expect(numbersIn(textOf(join(folder, 'a.log.1')))).toEqual([1, 2, 3, 4]);
  });

  it('starts a day at midnight in the time zone of its lines: in dionaea’s format local time', async () => {
    const midnight = new Date(2026, 10, 23).getTime();
    const { folder, clock, write } = await start(
      { format: 'dionaea', rotate: { every: 'daily', gzip: false } },
      midnight - DAY,
    );
    await write(numbered(1, 1));
    clock.now = midnight - 1;
    await write(numbered(2, 1));
    expect(namesIn(folder)).toEqual(['a.log']);
    clock.now = midnight;
    await write(numbered(3, 1));
    expect(namesIn(folder)).toEqual(['a.log.1', 'a.log']);
  });

  it('uses the age of an existing file', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'a.log');
    writeFileSync(file, 'old\n');
    utimesSync(file, new Date(), new Date(Date.now() - 2 * DAY));
    const log = await startLog({ file, rotate: { every: 'daily', gzip: false } });
    await log.write(numbered(1, 1));
    expect(readFileSync(`${file}.1`, 'utf8')).toBe('old\n');
    expect(numbersIn(textOf(file))).toEqual([1]);
  });
});

describe('log-text after a crash', () => {
  it('compresses a file at the next start that was not compressed yet', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'a.log');
    writeFileSync(`${file}.1`, 'one\n', { mode: 0o600 });
    writeFileSync(`${file}.2`, 'two\n');
    writeFileSync(`${file}.3.gz`, gzipSync('three\n'));
    writeFileSync(`${file}.gz.part`, 'half a file');
    const log = await startLog({ file });
    await log.close();
    expect(namesIn(folder)).toEqual(['a.log.3.gz', 'a.log.2.gz', 'a.log.1.gz', 'a.log']);
    expect([1, 2, 3].map((n) => textOf(`${file}.${n}.gz`))).toEqual(['one\n', 'two\n', 'three\n']);
    expect(statSync(`${file}.1.gz`).mode & 0o777).toBe(0o600);
  });

  it('removes the original of a compressed file', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'a.log');
    writeFileSync(`${file}.1`, 'one\n');
    writeFileSync(`${file}.1.gz`, gzipSync('one\n'));
    const log = await startLog({ file });
    await log.close();
    expect(namesIn(folder)).toEqual(['a.log.1.gz', 'a.log']);
  });

  it('closes a gap in the numbers at the next rotation, and overwrites no file', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'a.log');
    for (const n of [1, 2, 4, 5]) writeFileSync(`${file}.${n}`, `${n}\n`);
    writeFileSync(file, 'now\n');
    const log = await startLog({ file, rotate: { maxSize: '1kB', gzip: false } });
    await log.write([incidentOf(1, 'acme.thing.seen', { text: 'x'.repeat(2000) })]);
    const texts = [1, 2, 3, 4, 5].map((n) => textOf(`${file}.${n}`));
    expect(texts).toEqual(['now\n', '1\n', '2\n', '4\n', '5\n']);
    expect(existsSync(`${file}.6`)).toBe(false);
  });
});

describe('log-text when a file is in the way', () => {
  it('logs a failed rotation and keeps writing to the file', async () => {
    const { folder, file, clock, logged, write } = await start({
      rotate: { maxSize: '1kB', maxFiles: 1, gzip: false },
    });
    mkdirSync(`${file}.1`);
    await write(numbered(1, 20));
    await write(numbered(21, 20));
    expect(numbersIn(textOf(file))).toEqual(upTo(40));
    expect(logged).toEqual([expect.stringMatching(/^warn: rotation failed, writing to the same file/)]);
    rmSync(`${file}.1`, { recursive: true });
    clock.now += 60_000;
    await write(numbered(41, 1));
    expect(numbersIn(textOf(`${file}.1`))).toEqual(upTo(40));
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('logs failed compression and keeps the file until the next rotation', async () => {
    const { folder, file, logged, write, close } = await start({ rotate: { maxSize: '1kB' } });
    mkdirSync(`${file}.gz.part`);
    await write(numbered(1, 7));
    await close();
    expect(logged.length).toBeGreaterThan(0);
    expect(logged[0]).toMatch(/^warn: compressing a rotated log failed/);
    rmSync(`${file}.gz.part`, { recursive: true });
    expect(numbersInFolder(folder)).toEqual(upTo(7));
  });

  it('does not rotate a file again that another program has renamed', async () => {
    const { folder, file, write } = await start({ rotate: { maxSize: '1kB', gzip: false } });
    await write(numbered(1, 5));
    renameSync(file, join(folder, 'b.log'));
    await write(numbered(6, 5));
    expect(numbersIn(textOf(join(folder, 'b.log')))).toEqual(upTo(6));
    expect(numbersIn(textOf(file))).toEqual([7, 8, 9, 10]);
    expect(existsSync(`${file}.1`)).toBe(false);
  });
});

describe('log-text with thousands of lines per second', () => {
  it('loses, cuts and repeats no line while its files are rotated, renamed and reopened constantly', async () => {
    const { folder, file, write, reopen, close } = await start({
      rotate: { maxSize: '20kB', maxFiles: 1000 },
    });
    const taken = temporaryFolder();
    const [count, size] = [30_000, 97];
    const reopened: Promise<void>[] = [];
    const batches = Math.ceil(count / size);
    for (let i = 0; i < batches; i += 1) {
      const writing = write(numbered(i * size + 1, Math.min(size, count - i * size)));
      if (i % 7 === 3 && existsSync(file)) renameSync(file, join(taken, `${String(i).padStart(6, '0')}.log`));
      if (i % 7 === 3 || i % 5 === 0) reopened.push(reopen());
      await writing;
    }
    await Promise.all(reopened);
    await close();
    const parts = [folder, taken].flatMap((where) =>
      namesIn(where).map((name) => numbersIn(textOf(join(where, name)))),
    );
    expect(readdirSync(taken).length).toBeGreaterThan(30);
    expect(namesIn(folder).filter((name) => name.endsWith('.gz')).length).toBeGreaterThan(100);
    for (const part of parts) expect(part).toEqual(upTo(part.length).map((n) => n - 1 + (part[0] ?? 0)));
    expect(parts.flat().sort((a, b) => a - b)).toEqual(upTo(count));
  }, 240_000);

  it('writes files that zcat and the suggested parser of dionaea’s lines can read', async () => {
    const { folder, write, close } = await start({ format: 'dionaea', rotate: { maxSize: '50kB' } });
    for (let first = 1; first <= 3000; first += 100) await write(numbered(first, 100));
    await close();
    const suggested =
      /^\[(\d{8} \d\d:\d\d:\d\d)\] (\S+)(?: (\S+:\d+))?-(error|critical|warning|message|info|debug): (.*)$/;
    const lines = namesIn(folder).flatMap((name) => textOf(join(folder, name)).split('\n').slice(0, -1));
    const messages = lines.map((line) => suggested.exec(line)?.[5]);
    expect(messages).toEqual(upTo(3000).map((n) => expect.stringMatching(new RegExp(`^incident n=${n} `))));
  });
});

it('log-text does not compress a rotated file while another program writes to it', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'a.log');
  const lines = ['first\n'];
  writeFileSync(`${file}.1`, 'first\n');
  const log = await startLog({ file });
  while (log.logged.length === 0) {
    const line = `late ${lines.length}\n`;
    appendFileSync(`${file}.1`, line);
    lines.push(line);
    await setImmediate();
  }
  expect(log.logged).toEqual([
    expect.stringMatching(/^warn: rotated log not compressed: another program still writes to it/),
  ]);
  await log.close();
  expect(textOf(`${file}.1`)).toBe(lines.join(''));
  await log.start();
  await log.close();
  expect(textOf(`${file}.1.gz`)).toBe(lines.join(''));
  expect(namesIn(folder)).toEqual(['a.log.1.gz', 'a.log']);
});
