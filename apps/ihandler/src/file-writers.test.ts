import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { writersOf } from './file-writers.ts';
import { createWorld } from './test-support/world.ts';

test('names the processes that have a file open for writing, not those that read it', async () => {
  const world = createWorld();
  const file = world.write('a.sqlite', '');
  const other = world.write('b.sqlite', '');
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
  expect(writersOf(new Set([file, other]))).toEqual([{ file, pid, name: 'sleep' }]);
  expect(writersOf(new Set([other]))).toEqual([]);
});
