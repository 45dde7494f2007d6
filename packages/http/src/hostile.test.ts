import { createIncident } from '@ihandler/core';
import { openPort } from '@ihandler/test-support/host';
import { describe, expect, it } from 'vitest';
import http, { createHttpPort, type ReaderContext, type ReadLine } from './index.ts';
import { line } from './testing/line.ts';
import { head, sendRaw } from './testing/raw-client.ts';

async function post(url: string, body: string) {
  const response = await fetch(url, { method: 'POST', body });
  const text = await response.text();
  return { status: response.status, json: text === '' ? undefined : JSON.parse(text) };
}

describe('a hostile post', () => {
  it('with more than a thousand invalid lines is refused as a whole, before it is read to its end', async () => {
    const { url, incidents, rejects } = await openPort(http({ port: 0 }));
    const { status, json } = await post(url, `${line(1)}\n${'{\n'.repeat(2_000_000)}`);
    expect(status).toBe(400);
    expect(json.error).toBe(
      'Expected an incident in each line, found more than 1000 invalid lines: nothing was stored.',
    );
    expect([json.rejected.length, json.more]).toEqual([100, 901]);
    expect(incidents).toEqual([]);
    expect(rejects).toEqual([]);
    // A thousand invalid lines are accepted.
    expect(await post(url, `${line(1)}\n${'{\n'.repeat(1000)}`)).toMatchObject({ status: 200 });
    expect([incidents.length, rejects.length]).toEqual([1, 1000]);
  });

  it('gets a JSON error even when it is not HTTP, has too many headers or contradicts itself', async () => {
    const { port } = await openPort(http({ port: 0 }));
    const both = head(2, '/', 'Transfer-Encoding: chunked');
    for (const [sent, status] of [
      ['\u0016\u0003\u0001\r\n\r\n', 400],
      [both, 400],
      ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n', 400],
      [head(2, '/', `X-A: ${'a'.repeat(20_000)}`), 431],
    ] as const) {
      const { text } = await sendRaw(port, [sent]);
      expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toEqual({
        error: expect.stringMatching(/^Expected .*\.$/),
      });
    }
  });
});

/** Reads lines without ids; each takes a fifth of a millisecond. */
function slowly({ stream, sensor }: ReaderContext<object>): ReadLine {
  return (text, ordinal) => {
    for (const until = performance.now() + 0.2; performance.now() < until; );
    return createIncident({
      id: `${stream}:${ordinal}`,
      origin: 'a.b',
      timestamp: 0,
      sensor,
      data: { text },
    });
  };
}

describe('a large post', () => {
  it('is read and stored in turns: other posts are answered in between, and ordinals rise in each stream', async () => {
    const settings = { name: 'lines', host: '127.0.0.1', port: 0, clients: [{}] };
    const { url, incidents, batches } = await openPort(
      createHttpPort({ ...settings, maxBody: 1_000_000, maxConnections: 10 }, slowly),
    );
    let isOver = false;
    const large = post(url, 'x\n'.repeat(1500)).finally(() => {
      isOver = true;
    });
    let meanwhile = 0;
    for (; !isOver; meanwhile += 1) await post(url, 'y');
    expect(await large).toMatchObject({ status: 204 });
    // Reading it takes at least 300 ms.
    expect(meanwhile).toBeGreaterThan(5);
    expect(batches.filter((count) => count > 1)).toEqual([1000, 500]);
    const highest = new Map<string, number>();
    for (const { id } of incidents) {
      const [stream = '', ordinal] = id.split(':');
      expect(Number(ordinal)).toBeGreaterThan(highest.get(stream) ?? 0);
      highest.set(stream, Number(ordinal));
    }
    expect(highest.size).toBe(2);
  });
});

describe('a client that sends Expect: 100-continue', () => {
  const asking = 'Expect: 100-continue';

  it('gets the interim response 100 Continue', async () => {
    const { port, incidents } = await openPort(http({ port: 0 }));
    const { text } = await sendRaw(port, [head(line(1).length, '/', asking), line(1)], 200);
    expect(text).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 204 /);
    expect(incidents).toHaveLength(1);
  });

  it('is refused before it sends the body when its token is missing or its post too large', async () => {
    const { port } = await openPort(http({ port: 0, token: 'sixteen-characters' }));
    const [path, large] = ['/incidents/sixteen-characters', 5_000_000];
    expect((await sendRaw(port, [head(10, '/', asking)])).text).toMatch(/^HTTP\/1.1 401 /);
    expect((await sendRaw(port, [head(large, path, asking)])).text).toMatch(/^HTTP\/1.1 413 /);
  });
});

it('the port accepts the valid lines of a post even when the invalid ones cannot be written to the rejects', async () => {
  const { url, incidents, log } = await openPort(http({ port: 0 }), {
    async reject() {
      throw new Error('disk full');
    },
  });
  expect(await post(url, `${line(1)}\nx`)).toMatchObject({ status: 200, json: { rejected: [{ line: 2 }] } });
  expect(incidents).toHaveLength(1);
  expect(log.filter((text) => text.includes('invalid lines'))).toEqual([
    'cannot write invalid lines to the rejects {"error":"disk full","count":1}',
  ]);
});
