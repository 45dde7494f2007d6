import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import http from '@ihandler/http';
import { openPort } from '@ihandler/test-support/host';
import { expect, it, onTestFinished } from 'vitest';

function open(port: number, localAddress: string): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined); // the port may cut it
  socket.resume();
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Writes posts of one byte to 4 connections as fast as the port takes them: a program of its own, so that its memory does not count. */
const flood = `
const { connect } = require('node:net');
const posts = Buffer.from('POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 1\\r\\n\\r\\nx'.repeat(1000));
function attack() {
  const socket = connect(Number(process.argv[1]), '127.0.0.1');
  socket.on('error', () => {});
  socket.on('close', attack);
  socket.resume();
  const write = () => { while (!socket.destroyed && socket.write(posts)); };
  socket.on('connect', write);
  socket.on('drain', write);
}
for (let n = 0; n < 4; n += 1) attack();
`;

it('pipelined posts of one byte on 4 connections leave the memory flat while rejects are slow to write', async () => {
  const { port } = await openPort(http({ port: 0 }), { reject: () => delay(1) });
  const attacker = spawn(process.execPath, ['-e', flood, String(port)], { stdio: 'inherit' });
  onTestFinished(() => void attacker.kill('SIGKILL'));
  const before = process.memoryUsage().rss;
  let highest = 0;
  for (const end = Date.now() + 60_000; Date.now() < end; await delay(50))
    highest = Math.max(highest, process.memoryUsage().rss - before);
  expect(highest / 1024 ** 2).toBeLessThan(150);
}, 120_000);

/** Takes the connections of a port from an address, again and again, until the signal aborts. */
async function takeAll(port: number, from: string, signal: AbortSignal): Promise<void> {
  const held: Socket[] = [];
  while (!signal.aborted) {
    held.push(open(port, from));
    if (held.length > 300) held.shift()?.destroy();
    await delay(1);
  }
}

/** Posts from an address, each on a connection of its own. Returns how many of 223 were accepted. */
async function postAll(port: number, localAddress: string, token?: string): Promise<number> {
  let accepted = 0;
  for (let n = 1; n <= 223; n += 1) {
    const id = `s-${localAddress}-${token ?? ''}:${n}`;
    const headers = { connection: 'close', ...(token && { authorization: `Bearer ${token}` }) };
    const sending = request({ port, host: '127.0.0.1', localAddress, method: 'POST', headers });
    sending.end(JSON.stringify({ id, origin: 'acme.a', timestamp: 1, sensor: 'a', data: {} }));
    try {
      const [response] = (await once(sending, 'response')) as [IncomingMessage];
      response.resume();
      if (response.statusCode === 204) accepted += 1;
    } catch {
      // The port has cut the connection: the post does not count.
    }
  }
  return accepted;
}

it('a client that takes all connections again and again starves none of 223 posts of other addresses', async () => {
  const { port } = await openPort(http({ port: 0 }));
  const stop = new AbortController();
  const attack = takeAll(port, '127.0.0.2', stop.signal);
  await delay(500);
  expect(await Promise.all(['127.0.0.1', '127.0.0.3'].map((from) => postAll(port, from)))).toEqual([
    223, 223,
  ]);
  stop.abort();
  await attack;
});

it('a client without a token that takes all connections starves none of 223 posts with one, from its own address either', async () => {
  const token = 'a-token-of-the-sensor-a';
  const { port } = await openPort(http({ port: 0, sensors: [{ sensor: 'a', token }] }));
  const stop = new AbortController();
  const attack = takeAll(port, '127.0.0.2', stop.signal);
  await delay(500);
  const posts = ['127.0.0.2', '127.0.0.3'].map((from) => postAll(port, from, token));
  expect(await Promise.all(posts)).toEqual([223, 223]);
  stop.abort();
  await attack;
});

/** An address of this machine that is not on loopback. */
const outside = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

it.skipIf(outside === undefined)('an address outside loopback has half of the connections', async () => {
  const token = 'a-token-of-the-sensor-a';
  const { port } = await openPort(http({ host: '0.0.0.0', port: 0, token, maxConnections: 40 }));
  const openFrom = async (from: string, count: number) => {
    const sockets = Array.from({ length: count }, () => {
      const socket = connect({ port, host: from, localAddress: from });
      socket.on('error', () => undefined);
      socket.resume();
      onTestFinished(() => void socket.destroy());
      return socket;
    });
    await delay(1000);
    return () => sockets.filter(({ destroyed, readyState }) => !destroyed && readyState === 'open').length;
  };
  const far = await openFrom(outside ?? '', 60);
  expect(far()).toBe(20);
  const near = await openFrom('127.0.0.1', 20);
  expect([far(), near()]).toEqual([20, 20]);
});
