import { connect, type Socket } from 'node:net';
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

it('pipelined posts of one byte on 4 connections leave the memory flat while rejects are slow to write', async () => {
  const { port } = await openPort(http({ port: 0 }), { reject: () => delay(1) });
  const flood = Buffer.from('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx'.repeat(200));
  const before = process.memoryUsage().rss;
  const end = Date.now() + 15_000;
  let highest = 0;
  const attack = async () => {
    let socket = open(port, '127.0.0.1');
    while (Date.now() < end) {
      if (socket.destroyed) socket = open(port, '127.0.0.1');
      // The attacker's own memory is part of this process, so it waits for its socket.
      if (socket.writableLength < 65_536) socket.write(flood);
      await delay(0);
      highest = Math.max(highest, process.memoryUsage().rss - before);
    }
  };
  await Promise.all([attack(), attack(), attack(), attack()]);
  expect(highest).toBeLessThan(150 * 1024 * 1024);
});

it('a client that takes all connections again and again starves none of 223 posts', async () => {
  const { port, url } = await openPort(http({ port: 0 }));
  const stop = new AbortController();
  const attack = (async () => {
    const held: Socket[] = [];
    while (!stop.signal.aborted) {
      held.push(open(port, '127.0.0.2'));
      if (held.length > 300) held.shift()?.destroy();
      await delay(1);
    }
  })();
  await delay(500);
  let accepted = 0;
  for (let n = 1; n <= 223; n += 1) {
    const id = `s:${n}`;
    const body = JSON.stringify({ id, origin: 'acme.a', timestamp: 1, sensor: 'a', data: {} });
    const response = await fetch(url, { method: 'POST', body, headers: { connection: 'close' } }).catch(
      () => undefined,
    );
    if (response?.status === 204) accepted += 1;
  }
  stop.abort();
  await attack;
  expect(accepted).toBe(223);
});
