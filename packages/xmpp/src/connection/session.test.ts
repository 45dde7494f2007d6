import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { openSession } from './session.ts';

/** A server that is given each connection, and the opening of a session with it. */
async function openAt(
  serve: (socket: Socket) => void,
  signal: AbortSignal = new AbortController().signal,
): Promise<unknown> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    serve(socket);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  // Safe: the server listens on a port.
  const { port } = server.address() as AddressInfo;
  const account = {
    url: `xmpp://127.0.0.1:${port}`,
    user: 'pot',
    domain: 'localhost',
    password: 'secret',
    insecure: false,
    tls: undefined,
  };
  // Safe: the other options have defaults.
  return openSession(account as Parameters<typeof openSession>[0], () => undefined, signal);
}

it('a session reports once that the server was killed during authentication, without an unhandled rejection', async () => {
  const stray: unknown[] = [];
  const note = (reason: unknown) => stray.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  // As the operating system does for a killed process: it answers unread data with a reset.
  const opening = openAt((socket) => socket.once('data', () => socket.resetAndDestroy()));
  await expect(opening).rejects.toThrow(/the other side reset the connection/);
  for (let turns = 0; turns < 10; turns += 1) await turn();
  expect(stray).toEqual([]);
});

it.each<[string, (socket: Socket) => void, RegExp]>([
  ['closes at once', (socket) => socket.end(), /^XMPP at \S+: the server closed the connection\.$/],
  [
    'speaks SSH',
    (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'),
    /does not speak XMPP: check the address/,
  ],
  [
    'speaks HTTP',
    (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    /does not speak XMPP: check the address/,
  ],
])('a session fails soon, in plain words, with a server that %s', async (_, serve, message) => {
  const began = performance.now();
  await expect(openAt(serve)).rejects.toThrow(message);
  expect(performance.now() - began).toBeLessThan(5000);
});

it('an abort ends the opening of a session with a server that says nothing', async () => {
  const ending = new AbortController();
  const opening = openAt((socket) => socket.once('data', () => ending.abort()), ending.signal);
  const began = performance.now();
  await expect(opening).rejects.toThrow(/the session was closed/);
  expect(performance.now() - began).toBeLessThan(5000);
});
