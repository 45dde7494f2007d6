import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { openPort } from '@ihandler/test-support/host';
import { describe, expect, it } from 'vitest';
import http from './index.ts';
import { line } from './testing/line.ts';
import { head, sendRaw } from './testing/raw-client.ts';

async function status(url: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, { method: 'POST', body: Buffer.from(body), headers });
  await response.arrayBuffer();
  return response.status;
}

describe('a post', () => {
  it('that is too large gets 413, with and without a declared length', async () => {
    const { url, port, incidents } = await openPort(http({ port: 0, maxBody: '100kB' }));
    const large = Buffer.alloc(2_000_000, 'x');
    expect(await status(url, large)).toBe(413);
    const chunk = `${large.length.toString(16)}\r\n${large.toString()}\r\n0\r\n\r\n`;
    const start = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
    expect((await sendRaw(port, [start, chunk])).text).toMatch(/^HTTP\/1.1 413 /);
    expect(await status(url, Buffer.from(line(1)))).toBe(204);
    expect(incidents).toHaveLength(1);
  });

  it('that is too large when uncompressed gets 413, in little memory', async () => {
    const { url } = await openPort(http({ port: 0 }));
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, ' '));
    expect(bomb.length).toBeLessThan(1024 * 1024);
    const before = process.memoryUsage().rss;
    expect(await status(url, bomb, { 'content-encoding': 'gzip' })).toBe(413);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });

  it('of exactly the maximum size is accepted, and one byte more is not', async () => {
    const { url, incidents } = await openPort(http({ port: 0 }));
    const limit = 4 * 1024 * 1024;
    const lines = Buffer.from(`${line(1)}\n${line(2)}\n`);
    expect(await status(url, Buffer.concat([lines, Buffer.alloc(limit - lines.length, '\n')]))).toBe(204);
    expect(await status(url, Buffer.concat([lines, Buffer.alloc(limit - lines.length + 1, '\n')]))).toBe(413);
    expect(incidents).toHaveLength(2);
  });

  it('with damaged or incomplete gzip data gets 400', async () => {
    const { url } = await openPort(http({ port: 0 }));
    const whole = gzipSync(line(1));
    const headers = { 'content-encoding': 'gzip' };
    expect(await status(url, whole.subarray(0, whole.length - 5), headers)).toBe(400);
    expect(await status(url, Buffer.from(line(1)), headers)).toBe(400);
  });

  it('in another content encoding gets 415', async () => {
    const { url } = await openPort(http({ port: 0 }));
    expect(await status(url, Buffer.from(line(1)), { 'content-encoding': 'br' })).toBe(415);
  });

  it('stores nothing when only half of it arrives', async () => {
    const { port, url, incidents } = await openPort(http({ port: 0 }));
    const socket = connect(port, '127.0.0.1');
    socket.write(`${head(2 * line(1).length)}${line(1)}\n`);
    await delay(100);
    socket.destroy();
    expect(await status(url, Buffer.from(line(2)))).toBe(204);
    expect(incidents.map(({ id }) => id)).toEqual(['5a1c0f6e2b9d4837:2']);
  });
});

describe('a slow client', () => {
  it('is disconnected when its headers take over 5 seconds or its post over 10, while others are served', async () => {
    const { port, url, incidents } = await openPort(http({ port: 0 }));
    const cut = Promise.all([
      sendRaw(port, ['POST / HTTP/1.1\r\n', ...Array.from({ length: 40 }, () => 'X-A: b\r\n')], 250),
      sendRaw(port, []),
      sendRaw(port, [head(1000), ...Array.from({ length: 60 }, () => ' ')], 250),
    ]);
    await delay(300);
    expect(await status(url, Buffer.from(line(1)))).toBe(204);
    const [headers, silent, body] = await cut;
    for (const { text } of [headers, body]) expect(text).toMatch(/^HTTP\/1.1 408 /);
    for (const { took } of [headers, silent]) {
      expect(took).toBeGreaterThan(4500);
      expect(took).toBeLessThan(9500);
    }
    expect(body.took).toBeGreaterThan(9000);
    expect(body.took).toBeLessThan(25_000);
    expect(incidents).toHaveLength(1);
  });
});

it('the port closes the oldest idle connection for a new one when all are in use', async () => {
  const { port, url } = await openPort(http({ port: 0, maxConnections: 2 }));
  const held = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  await delay(100);
  const { text } = await sendRaw(port, [head(line(1).length), line(1)]);
  expect(text).toMatch(/^HTTP\/1.1 204 /);
  expect(held.map(({ readyState }) => readyState)).toEqual(['closed', 'open']);
  for (const socket of held) socket.destroy();
  expect(await status(url, Buffer.from(line(2)))).toBe(204);
});
