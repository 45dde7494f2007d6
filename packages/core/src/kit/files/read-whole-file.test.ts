import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readWholeFile } from './read-whole-file.ts';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'ihandler-whole-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test('readWholeFile reads regular files, also those that the system makes', () => {
  const file = join(folder(), 'a');
  const text = 'x'.repeat(200_000);
  writeFileSync(file, text);
  expect(readWholeFile(file).toString()).toBe(text);
  writeFileSync(file, '');
  expect(readWholeFile(file)).toHaveLength(0);
  if (process.platform === 'linux') expect(readWholeFile('/proc/self/stat').length).toBeGreaterThan(10);
});

test('readWholeFile refuses devices, pipes, folders and sockets at once, by name', async () => {
  const at = folder();
  const pipe = join(at, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const socket = join(at, 'socket');
  const server = createServer().listen(socket);
  onTestFinished(() => void server.close());
  await new Promise((listening) => server.once('listening', listening));
  expect(() => readWholeFile('/dev/zero')).toThrow('expected a regular file; found a device');
  expect(() => readWholeFile(pipe)).toThrow('expected a regular file; found a pipe');
  expect(() => readWholeFile(at)).toThrow('expected a regular file; found a folder');
  expect(() => readWholeFile(socket)).toThrow('expected a regular file; found a socket');
});

test('readWholeFile refuses a file above the limit, and names the limit', () => {
  const file = join(folder(), 'large');
  writeFileSync(file, '');
  truncateSync(file, 4 * 2 ** 20);
  expect(readWholeFile(file)).toHaveLength(4 * 2 ** 20);
  truncateSync(file, 4 * 2 ** 20 + 1);
  expect(() => readWholeFile(file)).toThrow(/expected a file of at most 4(\.0)? MiB; found a larger one/);
  expect(() => readWholeFile('/proc/self/environ', 3)).toThrow(/at most 3/);
});
