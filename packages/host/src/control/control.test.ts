import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { IhandlerError, isIhandlerError } from '@ihandler/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createFolder } from '../testing/folder.ts';
import { callControl } from './control-client.ts';
import { type ControlMethods, serveControl } from './control-server.ts';

async function served(folder: string, methods: ControlMethods) {
  const server = await serveControl(folder, methods);
  onTestFinished(() => server.close());
  return server;
}

/** A folder whose path is too long for a socket in it. */
function longFolder(): string {
  const folder = join(createFolder().folder, 'a'.repeat(60), 'b'.repeat(60));
  mkdirSync(folder, { recursive: true });
  return folder;
}

describe('the control channel', () => {
  test.each([
    ['in the data folder', () => createFolder().folder],
    ['elsewhere when the path is too long for a socket', longFolder],
  ])('answers calls, %s', async (_where, makeFolder) => {
    const folder = makeFolder();
    expect(await callControl(folder, 'add', {})).toBeUndefined();
    const server = await served(folder, {
      async add(params, say) {
        say('half');
        say(1);
        return { sum: params };
      },
      nothing: async () => undefined,
    });
    const said: unknown[] = [];
    const sum = await callControl(
      folder,
      'add',
      { a: 'é' },
      { onProgress: (progress) => said.push(progress) },
    );
    expect(sum).toEqual({ sum: { a: 'é' } });
    expect(said).toEqual(['half', 1]);
    expect(await callControl(folder, 'nothing', {})).toBeNull();
    await server.close();
    expect(await callControl(folder, 'add', {})).toBeUndefined();
    expect(existsSync(join(folder, 'control.sock'))).toBe(false);
    expect(existsSync(join(folder, 'control.json'))).toBe(false);
  });

  test.each([
    ['in the data folder', () => createFolder().folder],
    ['elsewhere', longFolder],
  ])('accepts only this user, %s', async (_where, makeFolder) => {
    const folder = makeFolder();
    await served(folder, {});
    const pointer = join(folder, 'control.json');
    const socket = existsSync(pointer)
      ? JSON.parse(readFileSync(pointer, 'utf8')).socket
      : join(folder, 'control.sock');
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    if (existsSync(pointer)) expect(statSync(dirname(socket)).mode & 0o777).toBe(0o700);
  });

  test('returns errors, an IhandlerError with its code', async () => {
    const { folder } = createFolder();
    await served(folder, {
      async known() {
        throw new IhandlerError('HANDLER_INVALID', 'There is no instance x.');
      },
      async unknown() {
        throw new Error('boom');
      },
      circular: async () => {
        const own: { own?: unknown } = {};
        own.own = own;
        return own;
      },
    });
    const known = await callControl(folder, 'known', {}).catch((error: unknown) => error);
    expect(isIhandlerError(known) && known.code).toBe('HANDLER_INVALID');
    expect(known).toHaveProperty('message', 'There is no instance x.');
    const unknown = await callControl(folder, 'unknown', {}).catch((error: unknown) => error);
    expect(isIhandlerError(unknown)).toBe(false);
    expect(unknown).toHaveProperty('message', 'boom');
    await expect(callControl(folder, 'circular', {})).rejects.toThrow('circular');
    await expect(callControl(folder, 'toString', {})).rejects.toThrow(/does not know the request toString/);
  });

  test('rejects a second process, and names the first', async () => {
    const { folder } = createFolder();
    await served(folder, {});
    await expect(serveControl(folder, {})).rejects.toThrow(`process ${process.pid}`);
  });

  test.each([
    ['in the data folder', () => createFolder().folder],
    ['elsewhere', longFolder],
  ])('replaces the socket of a killed process, %s', async (_where, makeFolder) => {
    const folder = makeFolder();
    const path =
      Buffer.byteLength(folder) > 90
        ? join(createFolder().folder, 'control.sock')
        : join(folder, 'control.sock');
    if (!path.startsWith(folder))
      writeFileSync(join(folder, 'control.json'), JSON.stringify({ socket: path }));
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(existsSync(path)).toBe(true);
    expect(await callControl(folder, 'pid', {})).toBeUndefined();
    await served(folder, { late: async () => 'yes' });
    expect(await callControl(folder, 'late', {})).toBe('yes');
  });

  test('aborts the signal of a method when its client disconnects', async () => {
    const { folder } = createFolder();
    let told = false;
    await served(folder, {
      long: (_params, say, signal) =>
        new Promise((resolve) => {
          say('begun');
          signal.addEventListener('abort', () => {
            told = true;
            resolve(undefined);
          });
        }),
    });
    const user = new AbortController();
    const call = callControl(folder, 'long', {}, { signal: user.signal, onProgress: () => user.abort() });
    await expect(call).rejects.toThrow(/abort/);
    for (let n = 0; n < 100 && !told; n += 1) await pause(10);
    expect(told).toBe(true);
    await expect(callControl(folder, 'long', {}, { timeout: 50 })).rejects.toThrow(
      'has not answered for 0.05 s',
    );
  });

  test('cancels running calls when it is closed', async () => {
    const { folder } = createFolder();
    const server = await served(folder, { long: () => new Promise(() => undefined) });
    const call = callControl(folder, 'long', {}).catch((error: unknown) => error);
    while ((await callControl(folder, 'pid', {})) === undefined) await pause(5);
    await server.close();
    expect(await call).toHaveProperty('code', 'TARGET_UNREADABLE');
  });

  test('continues after a client that does not follow the protocol', async () => {
    const { folder } = createFolder();
    await served(folder, {});
    for (const text of ['GET / HTTP/1.1\r\n\r\n', '7\n', `{"method":"${'x'.repeat(5 << 20)}`]) {
      const socket = connect(join(folder, 'control.sock'));
      socket.on('error', () => undefined);
      socket.resume();
      socket.write(text);
      await new Promise((resolve) => socket.on('close', resolve));
    }
    expect(await callControl(folder, 'pid', {})).toBe(process.pid);
  });
});
