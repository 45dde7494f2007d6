import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fileWriters, hiddenProcesses } from './file-writers.ts';

test('fileWriters returns processes that have a file open for writing, not those that read it', async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ihandler-core-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [file, other] = [join(folder, 'a.sqlite'), join(folder, 'b.sqlite')];
  for (const path of [file, other]) writeFileSync(path, '');
  const start = async (flags: string) => {
    const descriptor = openSync(file, flags);
    const child = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', descriptor] });
    closeSync(descriptor);
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'spawn');
    return child.pid;
  };
  await start('r');
  const pid = await start('a');
  expect(fileWriters(new Set([file, other]))).toEqual([{ file, pid, name: 'sleep' }]);
  expect(fileWriters(new Set([other]))).toEqual([]);
});

test.skipIf(process.geteuid?.() !== 0)(
  'fileWriters and hiddenProcesses see with the rights of root while it acts as another user',
  async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ihandler-core-')));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'a.sqlite');
    const child = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', openSync(file, 'a')] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'spawn');
    process.seteuid?.(65_534);
    try {
      expect(fileWriters(new Set([file]))).toMatchObject([{ pid: child.pid }]);
      expect(hiddenProcesses()).toEqual([]);
      expect(process.geteuid?.()).toBe(65_534);
    } finally {
      process.seteuid?.(0);
    }
  },
);
