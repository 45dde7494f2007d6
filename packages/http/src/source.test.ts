import { gzipSync } from 'node:zlib';
import { createIncident, encodeIncident, temporary } from '@ihandler/core';
import { openPort } from '@ihandler/test-support/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import http from './index.ts';
import { line } from './testing/line.ts';
import { head, sendRaw } from './testing/raw-client.ts';

async function post(url: string, body: string | Uint8Array, headers: Record<string, string> = {}) {
  const response = await fetch(url, { method: 'POST', body: Buffer.from(body), headers });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    json: text === '' ? undefined : JSON.parse(text),
  };
}

describe('a post', () => {
  it('of one incident gets 204 and keeps its id, time, sensor and bytes', async () => {
    const { url, incidents } = await openPort(http({ port: 0 }));
    const sent = createIncident({
      id: 's/virustotal/0:7',
      origin: 'acme.seen',
      timestamp: 12.5,
      sensor: 'hive-7',
      data: { raw: new Uint8Array([0, 255]), zero: -0 },
    });
    expect(await post(url, encodeIncident(sent))).toMatchObject({ status: 204 });
    expect(incidents).toEqual([sent]);
  });

  it('of many lines, with blank lines and CR LF between, becomes one report in the same order', async () => {
    const { url, incidents, batches } = await openPort(http({ port: 0 }));
    expect(await post(`${url}/incidents`, `\n${line(1)}\r\n\r\n${line(2)}\n${line(3)}`)).toMatchObject({
      status: 204,
    });
    expect(incidents.map(({ id }) => id)).toEqual([1, 2, 3].map((n) => `5a1c0f6e2b9d4837:${n}`));
    expect(batches).toEqual([3]);
  });

  it('of one incident may span several lines', async () => {
    const { url, incidents } = await openPort(http({ port: 0 }));
    expect(await post(url, JSON.stringify(JSON.parse(line(1)), null, 2))).toMatchObject({ status: 204 });
    expect(incidents).toHaveLength(1);
  });

  it('may be gzipped', async () => {
    const { url, incidents } = await openPort(http({ port: 0 }));
    expect(await post(url, gzipSync(line(1)), { 'content-encoding': 'gzip' })).toMatchObject({ status: 204 });
    expect(incidents).toHaveLength(1);
  });

  it('cannot declare that its files are on this machine', async () => {
    const { url, incidents } = await openPort(http({ port: 0 }));
    await post(url, JSON.stringify({ ...JSON.parse(line(1)), local: true }));
    expect(incidents[0]).not.toHaveProperty('local');
  });

  it('that is not JSON gets 400 with the reason and becomes a reject', async () => {
    const { url, incidents, rejects } = await openPort(http({ port: 0 }));
    expect(await post(url, 'what\u001b[31m')).toMatchObject({
      status: 400,
      json: { error: expect.stringMatching(/^Line 1: Expected an incident in JSON, found/) },
    });
    expect(incidents).toEqual([]);
    expect(rejects).toMatchObject([{ file: 'http', offset: 0, length: 9, text: 'what\u001b[31m' }]);
  });

  it('has its valid lines stored and its invalid ones listed by number and reason', async () => {
    const { url, incidents, rejects } = await openPort(http({ port: 0 }));
    const deep = `{"id":"s:1","data":${'['.repeat(100)}${']'.repeat(100)}}`;
    const long = `{"id":"${'x'.repeat(1024 * 1024)}"}`;
    const nameless = JSON.stringify({ ...JSON.parse(line(1)), sensor: 'x'.repeat(201) });
    const body = [line(1), '{}', deep, line(2), long, nameless].join('\n');
    expect(await post(url, body)).toMatchObject({
      status: 200,
      json: {
        rejected: [
          { line: 2, reason: expect.stringContaining('found "{}"') },
          { line: 3, reason: 'Expected at most 100 levels, found more.' },
          { line: 5, reason: 'Expected a line of at most 1048576 bytes, found 1048585.' },
          { line: 6, reason: 'Expected a sensor of 1 to 200 characters, found 201.' },
        ],
      },
    });
    expect(incidents).toHaveLength(2);
    expect(rejects).toHaveLength(4);
    expect(rejects[2]).not.toHaveProperty('text');
  });

  it('gets at most 100 invalid lines listed', async () => {
    const { url } = await openPort(http({ port: 0 }));
    const { status, json } = await post(url, `${line(1)}\n${'x\n'.repeat(150)}`);
    expect(status).toBe(200);
    expect(json.rejected).toHaveLength(100);
    expect(json.more).toBe(50);
  });

  it('without content gets 400', async () => {
    const { url } = await openPort(http({ port: 0 }));
    expect(await post(url, ' \n')).toMatchObject({ status: 400 });
  });

  it('gets 503 and Retry-After when it does not become durable in time', async () => {
    const asked: unknown[] = [];
    const { url, log } = await openPort(http({ port: 0 }), {
      async report(_batch, options) {
        asked.push(options);
        throw temporary('disk full');
      },
    });
    const { status, headers, json } = await post(url, line(1));
    expect([status, headers.get('retry-after')]).toEqual([503, '1']);
    expect(json.error).toBe('Incidents cannot be stored at the moment; retry later.');
    expect(asked).toEqual([expect.objectContaining({ within: 250 })]);
    expect(await post(url, line(2))).toMatchObject({ status: 503 });
    expect(log.filter((text) => text.includes('cannot store posts'))).toHaveLength(1);
  });

  it('gives the same incidents wherever its bytes are split into chunks', async () => {
    const { port, incidents } = await openPort(http({ port: 0 }));
    const body = Buffer.from([line(1), line(2, 'b\u00fc\u{1f41d}'), line(3)].join('\r\n'));
    const cuts = fc.array(fc.integer({ min: 1, max: body.length - 1 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        incidents.length = 0;
        const at = [0, ...new Set(places.toSorted((a, b) => a - b)), body.length];
        const chunks = at.slice(1).map((end, i) => body.subarray(at[i], end));
        const framed = chunks.flatMap((chunk) => [`${chunk.length.toString(16)}\r\n`, chunk, '\r\n']);
        const start = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
        const { text } = await sendRaw(port, [start, ...framed, '0\r\n\r\n']);
        expect(text).toMatch(/^HTTP\/1.1 204 /);
        expect(incidents.map(encodeIncident)).toEqual([line(1), line(2, 'b\u00fc\u{1f41d}'), line(3)]);
      }),
      { numRuns: 40 },
    );
  });

  it('may follow another on one connection before the first is answered', async () => {
    const { port, incidents } = await openPort(http({ port: 0 }));
    const one = (n: number, end = '') =>
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${line(n).length}\r\n${end}\r\n${line(n)}`;
    const { text } = await sendRaw(port, [`${one(1)}${one(2)}${one(3, 'Connection: close\r\n')}`]);
    expect(text.match(/HTTP\/1.1 204/g)).toHaveLength(3);
    expect(incidents).toHaveLength(3);
  });

  it('from dionaea uses a connection of its own', async () => {
    const { port, incidents } = await openPort(http({ port: 0 }));
    for (let n = 1; n <= 20; n += 1) {
      const { text } = await sendRaw(port, [head(line(n).length), line(n)]);
      expect(text).toMatch(/^HTTP\/1.1 204 No Content\r\n/);
    }
    expect(incidents).toHaveLength(20);
  });
});
