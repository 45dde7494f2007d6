import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { takeControlAddress } from './control-address.ts';

function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'ihandler-')));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function install(path: string): void {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'index.js'), '');
}

async function leaveSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
}

test('takeControlAddress replaces the socket of a killed process, and linked modules resolve afterwards', async () => {
  const data = folder();
  await leaveSocket(join(data, 'control.sock'));
  install(join(data, 'node_modules/plain'));
  install(join(data, 'store/linked'));
  symlinkSync(join(data, 'store/linked'), join(data, 'node_modules/linked'));
  const from = createRequire(join(data, 'main.js'));
  const fileOf = (name: string) => from.resolve(name);
  // Node remembers the folders on the way.
  expect(fileOf('plain')).toBe(join(data, 'node_modules/plain/index.js'));
  const { path } = takeControlAddress(data);
  expect(path).toBe(join(data, 'control.sock'));
  expect(existsSync(path)).toBe(false);
  expect(fileOf('linked')).toBe(join(data, 'store/linked/index.js'));
});

test('takeControlAddress puts a socket with a long path elsewhere, and removes it with its folder', () => {
  const data = join(folder(), 'd'.repeat(120));
  mkdirSync(data);
  const address = takeControlAddress(data);
  writeFileSync(address.path, '');
  address.protect();
  expect(existsSync(join(data, 'control.json'))).toBe(true);
  address.remove();
  expect([existsSync(address.path), existsSync(join(address.path, '..'))]).toEqual([false, false]);
  expect(existsSync(join(data, 'control.json'))).toBe(false);
  address.remove();
});
