import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { failureKind } from '@ihandler/core';
import { handlerContext } from '@ihandler/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import logText from './handler.ts';
import { numbered, numbersIn, upTo } from './testing/numbered.ts';
import { startLog, temporaryFolder, textOf } from './testing/started.ts';

function newFile(): string {
  return join(temporaryFolder(), 'a.log');
}

function modeOf(file: string): string {
  return (statSync(file).mode & 0o777).toString(8);
}

describe('the log file', () => {
  it('is created with mode 0640, whatever the umask', async () => {
    const before = process.umask(0o077);
    onTestFinished(() => void process.umask(before));
    const file = newFile();
    await startLog({ file });
    expect(modeOf(file)).toBe('640');
  });

  it('keeps its mode and its lines if it exists', async () => {
    const file = newFile();
    writeFileSync(file, 'before\n', { mode: 0o600 });
    const log = await startLog({ file });
    await log.write(numbered(1, 1));
    expect(modeOf(file)).toBe('600');
    expect(readFileSync(file, 'utf8')).toMatch(/^before\n\S+Z pot acme\.thing\.seen-info: n=1 .*\n$/);
  });

  it('contains the lines when the write resolves', async () => {
    const file = newFile();
    const log = await startLog({ file });
    for (const first of [1, 11, 21]) {
      await log.write(numbered(first, 10));
      expect(numbersIn(textOf(file))).toEqual(upTo(first + 9));
    }
  });

  it('gets a newline after a partial line that a crash left', async () => {
    const file = newFile();
    writeFileSync(file, 'whole\nhal');
    const log = await startLog({ file });
    await log.write(numbered(1, 2));
    const [whole, half, ...lines] = textOf(file).split('\n');
    expect([whole, half, numbersIn(lines.join('\n'))]).toEqual(['whole', 'hal', [1, 2]]);
  });

  it('is not touched before start', () => {
    const file = newFile();
    logText({ file });
    expect(() => statSync(file)).toThrow(/ENOENT/);
  });

  it('continues after close and start', async () => {
    const file = newFile();
    const log = await startLog({ file });
    await log.write(numbered(1, 5));
    await log.close();
    await log.close();
    await expect(log.write(numbered(6, 5))).rejects.toThrow(/before start, or after close/);
    await log.start();
    await log.write(numbered(6, 5));
    expect(numbersIn(textOf(file))).toEqual(upTo(10));
  });

  it('is complete when the log is closed during a write', async () => {
    const file = newFile();
    const log = await startLog({ file });
    await Promise.all([log.write(numbered(1, 2000)), log.close()]);
    expect(numbersIn(textOf(file))).toEqual(upTo(2000));
  });

  it('may be truncated by another program at any time, as logrotate does with copytruncate', async () => {
    const file = newFile();
    const log = await startLog({ file });
    await log.write(numbered(1, 5));
    truncateSync(file);
    await log.write(numbered(6, 5));
    expect(numbersIn(textOf(file))).toEqual([6, 7, 8, 9, 10]);
  });

  it('may be a link', async () => {
    const file = newFile();
    symlinkSync(`${file}.real`, file);
    writeFileSync(`${file}.real`, '');
    const log = await startLog({ file });
    await log.write(numbered(1, 1));
    expect(numbersIn(textOf(`${file}.real`))).toEqual([1]);
  });
});

describe('start fails for a log file', () => {
  it.each<[string, (folder: string) => string, RegExp]>([
    [
      'in a folder that does not exist',
      (folder) => join(folder, 'none', 'a.log'),
      /none does not exist: create it/,
    ],
    ['below a file', (folder) => join(folder, 'b.log', 'a.log'), /b\.log is not a folder/],
    ['that is a folder', (folder) => folder, /^Cannot write \S+: it is a folder: name a file in it\.$/],
  ])('%s, with the reason, and leaves nothing open', async (_, path, message) => {
    const folder = temporaryFolder();
    const [file, other] = [path(folder), join(folder, 'b.log')];
    const { context } = handlerContext();
    const handler = logText({ logs: { other: { file: other }, wrong: { file } } });
    await expect(handler.start?.(context)).rejects.toThrow(
      expect.objectContaining({ code: 'TARGET_UNREADABLE', message: expect.stringMatching(message) }),
    );
    await expect(async () => handler.write(numbered(1, 1), {}, context)).rejects.toThrow(/before start/);
  });
});

describe('log-text, when another program changes its file without a signal,', () => {
  it('writes to a new file after it was deleted, and says so once', async () => {
    const file = join(temporaryFolder(), 'a.log');
    const log = await startLog({ file });
    await log.write(numbered(1, 3));
    rmSync(file);
    await log.write(numbered(4, 3));
    await log.write(numbered(7, 3));
    expect(numbersIn(textOf(file))).toEqual([4, 5, 6, 7, 8, 9]);
    expect(modeOf(file)).toBe('640');
    expect(log.logged.filter((line) => line.includes('was deleted'))).toHaveLength(1);
  });

  it('writes to the file that replaced it, and says so once', async () => {
    const file = join(temporaryFolder(), 'a.log');
    const log = await startLog({ file });
    await log.write(numbered(1, 3));
    renameSync(file, `${file}.old`);
    writeFileSync(file, '');
    await log.write(numbered(4, 3));
    await log.write(numbered(7, 3));
    expect(numbersIn(textOf(file))).toEqual([4, 5, 6, 7, 8, 9]);
    expect(log.logged.filter((line) => line.includes('was replaced'))).toHaveLength(1);
  });
});

describe('log-text on reopen', () => {
  it('writes to a new file when the old one was renamed', async () => {
    const file = newFile();
    const log = await startLog({ file });
    await log.write(numbered(1, 3));
    renameSync(file, `${file}.old`);
    await log.write(numbered(4, 3));
    await log.reopen();
    await log.write(numbered(7, 3));
    expect(numbersIn(textOf(`${file}.old`))).toEqual(upTo(6));
    expect(numbersIn(textOf(file))).toEqual([7, 8, 9]);
    expect(modeOf(file)).toBe('640');
  });

  it('writes to the file that logrotate created', async () => {
    const file = newFile();
    const log = await startLog({ file });
    renameSync(file, `${file}.1`);
    writeFileSync(file, '', { mode: 0o600 });
    await log.reopen();
    await log.write(numbered(1, 1));
    expect(numbersIn(textOf(file))).toEqual([1]);
    expect(modeOf(file)).toBe('600');
  });

  it('creates a deleted file again', async () => {
    const file = newFile();
    const log = await startLog({ file });
    rmSync(file);
    await log.reopen();
    await log.write(numbered(1, 1));
    expect(numbersIn(textOf(file))).toEqual([1]);
  });

  it('does nothing if the file is still there, before start, or after close', async () => {
    const file = newFile();
    await logText({ file }).reopen?.();
    const log = await startLog({ file });
    const { ino } = statSync(file);
    await log.reopen();
    expect(statSync(file).ino).toBe(ino);
    await log.close();
    rmSync(file);
    await log.reopen();
    expect(() => statSync(file)).toThrow(/ENOENT/);
  });

  it('keeps writing to the old file when it cannot open a new one, and reports it', async () => {
    const folder = temporaryFolder();
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    const log = await startLog({ file: join(inner, 'a.log') });
    renameSync(inner, join(folder, 'moved'));
    await expect(log.reopen()).rejects.toThrow(/does not exist: create it/);
    await log.write(numbered(1, 1));
    expect(numbersIn(textOf(join(folder, 'moved', 'a.log')))).toEqual([1]);
    mkdirSync(inner);
    await log.reopen();
    await log.write(numbered(2, 1));
    expect(numbersIn(textOf(join(inner, 'a.log')))).toEqual([2]);
  });
});

describe('a failed write of log-text', () => {
  it('is a temporary failure with the code of the system', async () => {
    const log = await startLog({ file: '/dev/full' });
    const failure: unknown = await log.write(numbered(1, 1)).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'ENOSPC',
      message: expect.stringMatching(/disk is full: make space/),
    });
    expect(failureKind(failure)).toBe('temporary');
  });

  it('leaves the other logs complete, and repeats no line in them when the batch is retried', async () => {
    const folder = temporaryFolder();
    const [good, bad] = [join(folder, 'good.log'), join(folder, 'bad.log')];
    symlinkSync('/dev/full', bad);
    const log = await startLog({ logs: { bad: { file: bad }, good: { file: good } } });
    await expect(log.write(numbered(1, 10))).rejects.toThrow(/no space|full/);
    await expect(log.write(numbered(1, 10))).rejects.toThrow(/no space|full/);
    expect(numbersIn(textOf(good))).toEqual(upTo(10));
    rmSync(bad);
    for (let n = 1; n <= 10; n += 1) await log.write(numbered(n, 1));
    await log.write(numbered(11, 5));
    expect(numbersIn(textOf(good))).toEqual(upTo(15));
    expect(numbersIn(textOf(bad))).toEqual(upTo(15));
  });

  it('writes no line of a batch with an incident that cannot be formatted', async () => {
    const file = newFile();
    const log = await startLog({ file });
    const [first, second] = numbered(1, 2);
    if (first === undefined || second === undefined) throw new Error('expected two incidents');
    const broken = {
      ...second,
      get data(): never {
        throw new TypeError('broken');
      },
    };
    const failure: unknown = await log.write([first, broken]).catch((error: unknown) => error);
    expect(failureKind(failure)).toBe('unknown');
    await log.write([first]);
    expect(numbersIn(textOf(file))).toEqual([1]);
  });
});

it('log-text keeps lines that another program appends', async () => {
  const file = newFile();
  const log = await startLog({ file });
  await log.write(numbered(1, 1));
  appendFileSync(file, 'of another program\n');
  await log.write(numbered(2, 1));
  const [first, other, second] = textOf(file).split('\n');
  expect([first, second].map((line) => numbersIn(`${line}\n`)[0])).toEqual([1, 2]);
  expect(other).toBe('of another program');
});
