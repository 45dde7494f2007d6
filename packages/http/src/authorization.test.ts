import { openPort } from '@ihandler/test-support/host';
import { describe, expect, it, vi } from 'vitest';
import http from './index.ts';
import { line } from './testing/line.ts';

const token = 'a-token-of-the-test-0';
const tokenA = 'a-token-of-sensor-a-1';
const tokenHub = 'a-token-of-a-hub-2222';

async function post(url: string, body: string, authorization?: string, method = 'POST') {
  const headers = authorization === undefined ? {} : { authorization };
  const response = await fetch(url, { method, ...(method === 'POST' && { body }), headers });
  const text = await response.text();
  return {
    status: response.status,
    error: text === '' ? undefined : JSON.parse(text).error,
    headers: response.headers,
  };
}

describe('a token', () => {
  it('is accepted as a header and as the last part of the path', async () => {
    const { url, incidents } = await openPort(http({ port: 0, token }));
    expect(await post(url, line(1), `Bearer ${token}`)).toMatchObject({ status: 204 });
    expect(await post(`${url}/${token}`, line(2))).toMatchObject({ status: 204 });
    expect(await post(`${url}/incidents/${token}`, line(3))).toMatchObject({ status: 204 });
    expect(await post(`${url}/incidents/`, line(4), `bearer ${token}`)).toMatchObject({ status: 204 });
    expect(incidents).toHaveLength(4);
  });

  it('that is missing or wrong gets 401; the post is not stored, and the log counts it without the token', async () => {
    const { url, incidents, log, stop } = await openPort(http({ port: 0, token }));
    const wrong = `${token.slice(0, -1)}1`;
    for (const refused of [
      await post(url, line(1)),
      await post(url, line(1), `Bearer ${wrong}`),
      await post(`${url}/incidents/${wrong}`, line(1)),
      await post(`${url}/%E0%A4%A`, line(1)),
    ]) {
      expect(refused).toMatchObject({ status: 401, error: expect.stringContaining('Authorization: Bearer') });
      expect(refused.error).not.toContain(wrong);
    }
    expect(incidents).toEqual([]);
    await stop();
    expect(log.filter((text) => text.includes('without a valid token'))).toEqual([
      'refused posts without a valid token {"from":"127.0.0.1","count":1}',
      'refused posts without a valid token {"from":"127.0.0.1","count":3}',
    ]);
    expect(log.join('\n')).not.toContain(token.slice(0, 12));
  });

  it('is read from the environment when no option sets it', async () => {
    vi.stubEnv('IHANDLER_HTTP_TOKEN', token);
    const { url } = await openPort(http({ port: 0 }));
    expect(await post(url, line(1))).toMatchObject({ status: 401 });
    expect(await post(url, line(1), `Bearer ${token}`)).toMatchObject({ status: 204 });
  });

  it('of a sensor allows posts for that sensor only', async () => {
    const sensors = [
      { sensor: 'a', token: tokenA },
      { sensor: '*', token: tokenHub },
    ];
    const { url, incidents } = await openPort(http({ port: 0, sensors }));
    expect(await post(url, line(1, 'a'), `Bearer ${tokenA}`)).toMatchObject({ status: 204 });
    const mixed = `${line(2, 'a')}\n${line(3, 'b\u001b')}`;
    expect(await post(url, mixed, `Bearer ${tokenA}`)).toMatchObject({
      status: 403,
      error: 'Expected incidents of the sensor "a", to which the token belongs; found one of "b\\u001b".',
    });
    expect(await post(url, mixed, `Bearer ${tokenHub}`)).toMatchObject({ status: 204 });
    expect(await post(url, line(4))).toMatchObject({ status: 401 });
    expect(incidents.map(({ sensor }) => sensor)).toEqual(['a', 'a', 'b\u001b']);
  });
});

describe('a request', () => {
  it('for another path gets 404', async () => {
    const { url } = await openPort(http({ port: 0 }));
    expect(await post(`${url}/metrics`, line(1))).toMatchObject({ status: 404 });
    const guarded = await openPort(http({ port: 0, token }));
    expect(await post(`${guarded.url}/a/${token}`, line(1))).toMatchObject({ status: 404 });
  });

  it('with another method gets 405', async () => {
    const { url } = await openPort(http({ port: 0 }));
    const { status, headers } = await post(url, '', undefined, 'GET');
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('from a web page is refused', async () => {
    const { url, incidents } = await openPort(http({ port: 0 }));
    const headers = { origin: 'http://192.0.2.9', 'content-type': 'text/plain' };
    expect(await fetch(url, { method: 'POST', body: line(1), headers })).toMatchObject({ status: 403 });
    expect(incidents).toEqual([]);
  });
});
