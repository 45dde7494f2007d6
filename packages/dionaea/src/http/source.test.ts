import { readFileSync } from 'node:fs';
import { createIncident, encodeIncident, type Incident, optionProblems } from '@ihandler/core';
import { openPort } from '@ihandler/test-support/host';
import { recording } from '@ihandler/test-support/recordings';
import { describe, expect, it } from 'vitest';
import dionaea from '../index.ts';
import { runSource } from '../testing/run-source.ts';
import { postOf, sendRequest } from '../testing/send-request.ts';
import dionaeaHttp, { type DionaeaHttpOptions } from './source.ts';

const token = 'a-token-of-the-test-0';
const offer =
  '{"timestamp": "2026-11-22T06:51:50", "name": "dionaea", "origin": "dionaea.download.offer", "data": {"url": "http://192.0.2.1/x"}}';

/** The recorded posts of a dionaea as requests: Python recorded the head, the headers and the body of each. */
function recordedPosts(): readonly string[] {
  return readFileSync(recording('dionaea-c/log_incident-http-posts.txt'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, start, headers = '', quoted = ''] = /^\('(.*?)', (\{.*?\}), b'(.*)'\)$/.exec(line) ?? [];
      const body = quoted.replaceAll(/\\(.)/g, '$1');
      const named = [...headers.matchAll(/'([^']+)': '([^']*)'/g)].map(
        ([, name, value]) => `${name}: ${value}`,
      );
      return [start, ...named, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
    });
}

function withoutId({ origin, timestamp, sensor, data }: Incident) {
  return { origin, timestamp, sensor, data };
}

describe('dionaea-http', () => {
  it('reads from the recorded posts of a dionaea the same incidents as from its file', async () => {
    const { port, incidents, rejects } = await openPort(dionaeaHttp({ port: 0 }));
    const posts = recordedPosts();
    for (const post of posts) expect(await sendRequest(port, post)).toBe(204);
    expect(rejects).toEqual([]);
    expect(incidents).toHaveLength(247);
    const file = await runSource(dionaea({ file: recording('dionaea-c/log_incident.ndjson') }));
    expect(incidents.map(withoutId)).toEqual(file.incidents.map(withoutId));
  });

  it('assigns ids of a new stream at each start, with rising ordinals', async () => {
    const source = dionaeaHttp({ port: 0 });
    const [first, second] = [await openPort(source), await openPort(source)];
    for (const { port } of [first, first, second]) await sendRequest(port, postOf(`${offer}\n${offer}`));
    const [own, other] = [first, second].map(({ incidents }) => incidents.map(({ id }) => id.split(':')));
    expect(new Set(own?.map(([stream]) => stream)).size).toBe(1);
    expect(own?.map(([, ordinal]) => Number(ordinal))).toEqual([1, 2, 3, 4]);
    expect(other?.[0]?.[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(other?.[0]?.[0]).not.toBe(own?.[0]?.[0]);
  });

  it('accepts lines in the form of ihandler in the same post, with their ids', async () => {
    const { port, incidents } = await openPort(dionaeaHttp({ port: 0 }));
    const own = createIncident({
      id: 'x:7',
      origin: 'a.b',
      timestamp: 1,
      sensor: 'far',
      data: { path: '/x' },
    });
    expect(await sendRequest(port, postOf(`${encodeIncident(own)}\n${offer}\nnothing`))).toBe(200);
    expect(incidents[0]).toEqual(own);
    expect(incidents[1]).toMatchObject({ origin: 'dionaea.download.offer', sensor: 'hive' });
  });

  it('identifies sensors by the token in the path, and marks incidents whose files are on this machine', async () => {
    const sensors = [
      { sensor: 'a', token: `${token}-a`, local: true },
      { sensor: 'b', token: `${token}-b` },
      { sensor: '*', token: `${token}-hub` },
    ];
    const options = { port: 0, sensors, paths: { '/opt/dionaea': '/srv/d' } };
    const { port, incidents } = await openPort(dionaeaHttp(options));
    const stored = offer.replace('offer', 'complete').replace('"url"', '"path": "/opt/dionaea/x", "url"');
    for (const name of ['a', 'b', 'hub'])
      expect(await sendRequest(port, postOf(stored, `/incidents/${token}-${name}`))).toBe(204);
    expect(await sendRequest(port, postOf(stored, '/incidents/an-unknown-token-0'))).toBe(401);
    expect(incidents.map(({ sensor, local }) => [sensor, local])).toEqual([
      ['a', true],
      ['b', undefined],
      ['hive', undefined],
    ]);
    expect(incidents[0]?.data).toMatchObject({ path: '/srv/d/x' });
  });

  it('keeps a post with incidents of another sensor as a reject, and does not refuse it', async () => {
    const source = dionaeaHttp({ port: 0, sensors: [{ sensor: 'a', token }] });
    const { port, incidents, rejects } = await openPort(source);
    const own = encodeIncident(
      createIncident({ id: 'x:7', origin: 'a.b', timestamp: 1, sensor: 'b', data: {} }),
    );
    expect(await sendRequest(port, postOf(`${offer}\n${own}`, `/${token}`))).toBe(200);
    expect(incidents).toEqual([]);
    expect(rejects).toMatchObject([
      { reason: expect.stringMatching(/^Expected incidents of the sensor "a"/) },
    ]);
  });

  it('answers 200 to what can never be stored, and keeps it as a reject: an error raises an exception in dionaea', async () => {
    const { port, incidents, rejects } = await openPort(dionaeaHttp({ port: 0, maxBody: '100kB' }));
    const large = offer.replace('/x"', `/${'x'.repeat(200_000)}"`);
    for (const body of ['nothing', large, `${'x\n'.repeat(2000)}`])
      expect(await sendRequest(port, postOf(body))).toBe(200);
    const gzipped = postOf('no gzip').replace('\r\n\r\n', '\r\nContent-Encoding: gzip\r\n\r\n');
    expect(await sendRequest(port, gzipped)).toBe(200);
    expect(incidents).toEqual([]);
    expect(rejects.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^Expected|^expected/),
      expect.stringContaining('at most 100000 bytes'),
      expect.stringContaining('more than 1000 invalid lines'),
      expect.stringContaining('gzip'),
    ]);
    expect(await sendRequest(port, postOf(offer))).toBe(204);
    expect(incidents).toHaveLength(1);
  });
});

describe('the options of dionaea-http', () => {
  function problems(options: unknown) {
    try {
      // Safe: these tests pass invalid options on purpose.
      dionaeaHttp(options as DionaeaHttpOptions);
      return [];
    } catch (error) {
      return optionProblems(error).map(({ path }) => path);
    }
  }

  it('accept samples only with local posts and with the absolute paths of sample folders', () => {
    const samples = { sampleFolders: ['/opt/dionaea'], samples: { folder: '/srv/s' } };
    expect(problems({ port: 1, ...samples })).toEqual(['samples']);
    expect(problems({ port: 1, ...samples, local: true })).toEqual([]);
    expect(problems({ port: 1, ...samples, sensors: [{ sensor: 'a', token, local: true }] })).toEqual([]);
    expect(problems({ port: 1, ...samples, sampleFolders: ['x'], local: true })).toEqual([
      'sampleFolders[0]',
    ]);
    expect(problems({ port: 1, samples: samples.samples, local: true })).toEqual(['sampleFolders']);
    expect(problems({ port: 1, sampleFolders: ['/opt/dionaea'], local: true })).toEqual(['samples']);
  });

  it('require a token where those of http do', () => {
    expect(problems({ port: 1, host: '0.0.0.0' })).toEqual(['token']);
  });
});
