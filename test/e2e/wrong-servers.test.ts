import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createWorld, type World } from 'ihandler/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { expectPlain } from '../support/messages/expect-plain.ts';
import { contributing } from '../support/messages/wrong-options.ts';

/** The port of a server that is given each connection. */
async function listen(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server, 'listening');
  // Safe: the server listens on a port.
  return (server.address() as AddressInfo).port;
}

/** A configuration in which all handlers and sources that connect use one server, and an incident for them. */
function writeConfiguration(world: World, host: string, port: number): void {
  const at = `${host}:${port}`;
  const account = { username: 'a@b.c', password: 'p4ssword', rooms: [{ room: 'a@rooms.b' }] };
  const broker = { server: host, port, ident: 'x', secret: 's3cret' };
  // An address that this machine does not have.
  const posts = { host: '192.0.2.1', port, token: 'long-enough-token-0123' };
  const sources = [
    { name: 'hpfeeds', as: 'subscriber', config: { ...broker, channels: ['a.b'] } },
    { name: 'nats', as: 'n1', config: { url: `nats://${at}` } },
    { name: 'nats', as: 'n2', config: { url: `tls://${at}` } },
    { name: 'xmpp', as: 'room', config: { ...account, url: `xmpp://${at}`, rooms: ['a@rooms.b'] } },
    { name: 'http', config: posts },
    { name: 'dionaea-http', config: posts },
    { name: 'dionaea-follow', config: { file: 'incidents.json' } },
    { name: 'dionaea-database', config: { file: 'missing.sqlite' } },
  ];
  const hub = { token: 'long-enough-token-0123', tls: { insecure: true } };
  const ihandlers = [
    { name: 'forward', as: 'f1', config: { url: `http://${at}/`, ...hub } },
    { name: 'forward', as: 'f2', config: { url: `https://${at}/`, ...hub } },
    { name: 'log-postgres', as: 'p1', config: { url: `postgres://u:p@${at}/x` } },
    { name: 'log-postgres', as: 'p2', config: { url: `postgres://u:p@${at}/x?sslmode=require` } },
    { name: 'nats', as: 'n3', config: { url: `nats://${at}` } },
    { name: 'hpfeeds', config: broker },
    { name: 'xmpp', as: 'x1', config: { url: `xmpp://${at}`, ...account } },
    { name: 'xmpp', as: 'x2', config: { url: `xmpps://${at}`, ...account } },
    { name: 'virustotal', config: { apikey: 'a'.repeat(64), url: `http://${at}/` } },
  ];
  world.write('my.yaml', JSON.stringify({ data: 'data', health: { port: 0 }, sources, ihandlers }));
  world.write(
    'incidents.json',
    '{"name":"x","origin":"dionaea.x","timestamp":"2026-01-01T00:00:00","data":{}}\n',
  );
}

/** Where a server is, for each kind of wrong server. */
const servers: Readonly<Record<string, () => Promise<readonly [host: string, port: number]>>> = {
  'nobody listens': async () => ['127.0.0.1', 1],
  'its name is unknown': async () => ['nowhere.invalid', 1],
  'it closes each connection': async () => ['127.0.0.1', await listen((socket) => socket.destroy())],
  'it speaks SSH': async () => [
    '127.0.0.1',
    await listen((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n')),
  ],
  'it speaks HTTP': async () => [
    '127.0.0.1',
    await listen((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nno\n')),
    ),
  ],
  'it says nothing': async () => ['127.0.0.1', await listen(() => undefined)],
};

describe('a server that cannot be used is reported in plain words, and no command hangs', () => {
  it.each(Object.entries(servers))('%s', { timeout: 90_000 }, async (kind, start) => {
    const world = createWorld();
    world.link(...contributing);
    mkdirSync(`${world.folder}/folder`);
    const [host, port] = await start();
    writeConfiguration(world, host, port);
    for (const [command, time] of [
      ['check', 10_000],
      ['run', 4_000],
      ['doctor', 10_000],
    ] as const) {
      const began = performance.now();
      const ran = await world.run([command, '-c', 'my.yaml'], { signal: AbortSignal.timeout(time) });
      if (command === 'run') {
        expect(ran.stderr).not.toContain('did not stop');
        // The timeouts of handlers are longer than this test.
        if (kind !== 'it says nothing') expect(ran.stderr).toContain('f1: delivery failed, retrying');
      }
      expectPlain(ran.stdout + ran.stderr);
      // `run` tries for 8 s to deliver what it has.
      expect(performance.now() - began).toBeLessThan(time + 15_000);
    }
  });
});
