import { createIncident, temporary } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { startServer } from './testing/answering-server.ts';
import { openHub } from './testing/open-hub.ts';
import { offer, offers, startForward } from './testing/start-forward.ts';

const token = 'a-token-of-the-test-0';
const connection = {
  id: 'c',
  protocol: 'smbd',
  transport: 'tcp',
  local: { host: '203.0.113.9', port: 445 },
  remote: { host: '198.51.100.7', port: 4000, hostname: '' },
};

describe('forward', () => {
  it('brings incidents to another ihandler as they are: ids, times, sensors, bytes', async () => {
    const hub = await openHub({ token });
    const { write, handler } = await startForward({ url: `http://127.0.0.1:${hub.port}/`, token });
    const odd = createIncident({
      id: 's/virustotal/0:7',
      origin: 'acme.seen',
      timestamp: 12.5,
      sensor: 'other',
      data: { raw: new Uint8Array([0, 255]), zero: -0 },
    });
    await write([...offers(3), odd]);
    expect(hub.incidents).toEqual([...offers(3), odd]);
    expect(hub.posts).toEqual([4]);
    expect(handler.counters?.()).toMatchObject({ posts: 1 });
  });

  it('masks the address of the sensor unless it is told to keep it', async () => {
    const hub = await openHub();
    const url = `http://127.0.0.1:${hub.port}/`;
    const seen = offer(1, { url: 'ftp://203.0.113.9/x', connection });
    await (await startForward({ url })).write([seen]);
    await (await startForward({ url, localAddress: 'keep' })).write([seen]);
    expect(hub.incidents.map(({ data }) => data)).toEqual([
      {
        url: 'ftp://127.0.0.1/x',
        connection: { ...connection, local: { host: '127.0.0.1', port: 445 } },
      },
      seen.data,
    ]);
  });

  it('sends no more than maxBytes in a post, compressed, over one connection', async () => {
    const server = await startServer(() => ({ status: 204 }));
    const { write } = await startForward({ url: server.url, maxBytes: 10_000 });
    const large = offer(500, { url: 'x'.repeat(20_000) });
    await write([...offers(400), large, offer(501)]);
    const sizes = server.requests.map(({ lines }) => Buffer.byteLength(lines.join('\n')) + 1);
    expect(server.requests.flatMap(({ lines }) => lines)).toHaveLength(402);
    expect(sizes.filter((size) => size > 10_000)).toHaveLength(1);
    const gzipped = server.requests.map(({ head }) => head.headers['content-encoding'] === 'gzip');
    expect(gzipped).toEqual(sizes.map((size) => size >= 500));
    expect(new Set(server.requests.map(({ head }) => head.socket)).size).toBe(1);
  });

  it('cuts in halves what the other one finds too large, and gives one incident up that is', async () => {
    const server = await startServer((lines) => ({ status: lines.length > 2 ? 413 : 204 }));
    const { write } = await startForward({ url: server.url });
    await write(offers(7));
    const taken = server.requests.filter(({ lines }) => lines.length <= 2).flatMap(({ lines }) => lines);
    expect(taken.map((line) => JSON.parse(line).id)).toEqual(offers(7).map(({ id }) => id));
    const hub = await openHub({ maxBody: '2kB' });
    const small = await startForward({ url: `http://127.0.0.1:${hub.port}/` });
    const failure = await small.refusal([offer(1), offer(2, { url: 'x'.repeat(2000) }), offer(3)]);
    expect(failure).toMatchObject({ permanent: true, message: expect.stringContaining('2000 bytes') });
  });
});

describe('what the other one does not take', () => {
  it('among others is said to be final, so that it comes again by itself and only it is given up', async () => {
    const hub = await openHub();
    const { refusal, write } = await startForward({ url: `http://127.0.0.1:${hub.port}/` });
    const bad = createIncident({
      ...offer(2),
      data: { deep: JSON.parse(`${'['.repeat(120)}${']'.repeat(120)}`) },
    });
    expect(await refusal([offer(1), bad, offer(3)])).toMatchObject({
      permanent: true,
      message: `127.0.0.1:${hub.port} did not take 1 of 3 incidents`,
    });
    await write([offer(1)]);
    expect(await refusal([bad])).toMatchObject({
      permanent: true,
      message: expect.stringContaining('Expected at most 100 levels, found more.'),
    });
  });

  it('because of the token waits for the operator, who is told', async () => {
    const hub = await openHub({ sensors: [{ sensor: 'wasp', token }] });
    const url = `http://127.0.0.1:${hub.port}/`;
    const stranger = await startForward({ url, token: 'another-token-000' });
    const failure = await stranger.refusal(offers(2));
    expect(failure).toMatchObject({ retryAfter: 60_000, message: expect.stringContaining('set "token"') });
    expect(stranger.log).toEqual([failure.message]);
    expect(failure.message).not.toContain('another-token');
    const other = await (await startForward({ url, token })).refusal(offers(2));
    expect(other).toMatchObject({ retryAfter: 60_000, message: expect.stringMatching(/"wasp".*"hive"/) });
    expect(hub.incidents).toEqual([]);
  });

  it('at the moment is tried later, when it says so', async () => {
    const hub = await openHub({}, async () => {
      throw temporary('full');
    });
    const { refusal } = await startForward({ url: `http://127.0.0.1:${hub.port}/` });
    expect(await refusal(offers(2))).toMatchObject({
      retryAfter: 1000,
      message: expect.stringContaining('503'),
    });
    const in90s = new Date(Date.now() + 90_000).toUTCString();
    for (const [retryAfter, least, most] of [
      ['7', 7000, 7000],
      [in90s, 80_000, 90_000],
      ['99999999', 3_600_000, 3_600_000],
      ['soon', 0, 0],
    ] as const) {
      const server = await startServer(() => ({ status: 429, headers: { 'retry-after': retryAfter } }));
      const { retryAfter: wait } = await (await startForward({ url: server.url })).refusal(offers(1));
      expect(wait).toBeGreaterThanOrEqual(least);
      expect(wait).toBeLessThanOrEqual(most);
    }
  });

  it('because somebody else listens there is tried later, and what he answers is no terminal control', async () => {
    for (const status of [301, 404, 405, 418]) {
      const body = JSON.stringify({ error: 'no\u001b[31m' });
      const server = await startServer(() => ({ status, headers: { location: 'http://192.0.2.1/' }, body }));
      const failure = await (await startForward({ url: server.url })).refusal(offers(1));
      expect(failure).toMatchObject({
        retryAfter: 60_000,
        message: expect.stringContaining('check that "url"'),
      });
      expect(failure.message).toContain('no\\x1b[31m');
    }
  });
});

describe('a network', () => {
  it('that is away is tried later, and the other one may come back', async () => {
    const hub = await openHub();
    const { write, refusal } = await startForward({ url: `http://127.0.0.1:${hub.port}/` });
    await write([offer(1)]);
    await hub.stop();
    expect(await refusal([offer(2)])).toMatchObject({
      retryAfter: 0,
      message: expect.stringContaining('cannot be reached'),
    });
    const again = await openHub({ port: hub.port });
    await write([offer(2)]);
    expect(again.incidents).toEqual([offer(2)]);
  });

  it('that closes a kept connection just now is no failure', async () => {
    let posts = 0;
    const server = await startServer(() => {
      posts += 1;
      return posts === 2 ? 'cut' : { status: 204 };
    });
    const { write, refusal } = await startForward({ url: server.url });
    await write([offer(1)]);
    await write([offer(2)]);
    expect(server.requests).toHaveLength(3);
    posts = 1;
    const fresh = await startForward({ url: server.url });
    expect(await fresh.refusal([offer(3)])).toMatchObject({ retryAfter: 0 });
    expect(refusal).toBeTypeOf('function');
  });

  it('that never answers is given up in time', async () => {
    const hub = await openHub({}, () => new Promise(() => undefined));
    const { refusal } = await startForward({ url: `http://127.0.0.1:${hub.port}/`, timeout: 300 });
    expect(await refusal(offers(1))).toMatchObject({
      message: expect.stringContaining('no answer within 300 ms'),
    });
  });
});
