import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { openSession } from './session.ts';

it('a session reports once that the server was killed during authentication, without an unhandled rejection', async () => {
  // As the operating system does for a killed process: it answers unread data with a reset.
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.resetAndDestroy());
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  // Safe: the server listens on a port.
  const { port } = server.address() as AddressInfo;
  const stray: unknown[] = [];
  const note = (reason: unknown) => stray.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  const account = {
    url: `xmpp://127.0.0.1:${port}`,
    user: 'pot',
    domain: 'localhost',
    password: 'secret',
    insecure: false,
    tls: undefined,
  };
  const signal = new AbortController().signal;
  // Safe: the other options have defaults.
  const opening = openSession(account as Parameters<typeof openSession>[0], () => undefined, signal);
  await expect(opening).rejects.toThrow(/the other side reset the connection/);
  for (let turns = 0; turns < 10; turns += 1) await turn();
  expect(stray).toEqual([]);
});
