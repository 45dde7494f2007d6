import { expect, it } from 'vitest';
import { quietly } from './step.mjs';

const node = (code: string, timeout?: number) => quietly(process.execPath, ['-e', code], { timeout });

it('quietly returns the output of a program in order, and its exit code', async () => {
  const code = "console.log('one'); console.error('two'); process.exitCode = 3";
  const { output, stdout, code: exit } = await node(code);
  expect([output.split('\n').sort().join(' ').trim(), stdout, exit]).toEqual(['one two', 'one\n', 3]);
});

it('quietly ends a program that hangs, and does not wait for its children', async () => {
  // The other one inherits the pipes, and outlives the program by minutes.
  const other = 'setTimeout(() => {}, 240_000)';
  const code = `console.log(require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(other)}], { stdio: 'inherit' }).pid);
    for (;;);`;
  const { code: exit, output, stdout } = await node(code, 3000);
  expect([exit, output]).toEqual([1, expect.stringContaining('ended after 3 s')]);
  const pid = Number(stdout);
  if (pid > 0) process.kill(pid, 'SIGKILL');
});
