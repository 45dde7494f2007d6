import { createIncident, temporary } from '@ihandler/core';
import { host } from '@ihandler/test-support/host';
import { describe, expect, it } from 'vitest';
import forward from './index.ts';
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

describe('the handler forward', () => {
  it('sends incidents to a hub unchanged: ids, times, sensors, bytes', async () => {
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

  it('sends the address of the sensor unless the entry masks it', async () => {
    const hub = await openHub();
    const url = `http://127.0.0.1:${hub.port}/`;
    const seen = offer(1, { url: 'ftp://203.0.113.9/x', connection });
    for (const mask of [true, false]) {
      const sensor = await host([{ handler: forward({ url }), mask }]);
      await sensor.report([seen]);
      expect(await sensor.drain({ stalledAfter: 5000 })).toEqual([]);
    }
    expect(hub.incidents.map(({ data }) => data)).toEqual([
      {
        url: 'ftp://127.0.0.1/x',
        connection: { ...connection, local: { host: '127.0.0.1', port: 445 } },
      },
      seen.data,
    ]);
  });

  it('sends compressed posts of at most maxPostSize over one connection', async () => {
    const server = await startServer(() => ({ status: 204 }));
    const { write } = await startForward({ url: server.url, maxPostSize: '10kB' });
    const large = offer(500, { url: 'x'.repeat(20_000) });
    await write([...offers(400), large, offer(501)]);
    const sizes = server.requests.map(({ lines }) => Buffer.byteLength(lines.join('\n')) + 1);
    expect(server.requests.flatMap(({ lines }) => lines)).toHaveLength(402);
    expect(sizes.filter((size) => size > 10_000)).toHaveLength(1);
    const gzipped = server.requests.map(({ head }) => head.headers['content-encoding'] === 'gzip');
    expect(gzipped).toEqual(sizes.map((size) => size >= 500));
    expect(new Set(server.requests.map(({ head }) => head.socket)).size).toBe(1);
  });

  it('splits a post that is too large for the hub, and fails permanently for a single incident', async () => {
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

describe('the handler forward, when the hub refuses a post,', () => {
  it('fails permanently for an invalid incident, so that only this incident goes to dead letters', async () => {
    const hub = await openHub();
    const { refusal, write } = await startForward({ url: `http://127.0.0.1:${hub.port}/` });
    const bad = createIncident({
      ...offer(2),
      data: { deep: JSON.parse(`${'['.repeat(120)}${']'.repeat(120)}`) },
    });
    expect(await refusal([offer(1), bad, offer(3)])).toMatchObject({
      permanent: true,
      message: `127.0.0.1:${hub.port} rejected 1 of 3 incidents`,
    });
    await write([offer(1)]);
    expect(await refusal([bad])).toMatchObject({
      permanent: true,
      message: expect.stringContaining('Expected at most 100 levels, found more.'),
    });
  });

  it('logs a wrong token, and retries after a minute', async () => {
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

  it('retries after the delay that the hub requests', async () => {
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

  it('reports another program at the URL, retries, and escapes its control characters', async () => {
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

  it.each([
    [200, '<html>It works!</html>'],
    [200, '{"ok":true}'],
    [201, ''],
    [202, 'queued'],
    [400, 'Bad Request'],
    [400, ''],
  ])('neither delivers nor gives up an incident when another program answers %i %j', async (status, body) => {
    const server = await startServer(() => ({ status, body }));
    const failure = await (await startForward({ url: server.url })).refusal(offers(1));
    expect(failure).toMatchObject({
      retryAfter: 60_000,
      message: expect.stringContaining(`answered ${status}, and not as an ihandler does: check that "url"`),
    });
    expect(failure).not.toHaveProperty('permanent');
  });
});

describe('the handler forward, when the network fails,', () => {
  it('retries until the hub is reachable again', async () => {
    const hub = await openHub();
    const { write, refusal } = await startForward({ url: `http://127.0.0.1:${hub.port}/` });
    await write([offer(1)]);
    await hub.stop();
    expect(await refusal([offer(2)])).toMatchObject({
      retryAfter: 0,
      message: expect.stringContaining('cannot reach 127.0.0.1'),
    });
    const again = await openHub({ port: hub.port });
    await write([offer(2)]);
    expect(again.incidents).toEqual([offer(2)]);
  });

  it('repeats a post at once when an idle connection was closed', async () => {
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

  it('fails when the hub does not answer within the timeout', async () => {
    const hub = await openHub({}, () => new Promise(() => undefined));
    const { refusal } = await startForward({ url: `http://127.0.0.1:${hub.port}/`, timeout: '300ms' });
    expect(await refusal(offers(1))).toMatchObject({
      message: expect.stringContaining('no answer within 300 ms'),
    });
  });
});
