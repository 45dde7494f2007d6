import { optionProblems } from '@ihandler/core';
import { describe, expect, it, vi } from 'vitest';
import http, { type HttpOptions } from './index.ts';

const token = 'a-token-of-the-test-0';

function problems(options: unknown): readonly { path: string; message: string }[] {
  try {
    // Safe: these tests pass invalid options on purpose.
    http(options as HttpOptions);
    return [];
  } catch (error) {
    return optionProblems(error);
  }
}

describe('the options of http', () => {
  it('require a token where the address is not a loopback address', () => {
    expect(problems({ port: 8080, host: '0.0.0.0' })).toEqual([
      { path: 'token', message: expect.stringContaining('IHANDLER_HTTP_TOKEN') },
    ]);
    expect(problems({ port: 8080, host: '::' })).toHaveLength(1);
    expect(problems({ port: 8080, host: '127.evil.example' })).toHaveLength(1);
    for (const host of ['127.0.0.1', '127.8.0.1', '::1', 'localhost'])
      expect(problems({ port: 8080, host })).toEqual([]);
    expect(problems({ port: 8080, host: '0.0.0.0', token })).toEqual([]);
    expect(problems({ port: 8080, host: '::', sensors: [{ sensor: 'a', token }] })).toEqual([]);
  });

  it('require a token that is long enough, from the option and from the environment, and never show it', () => {
    const [problem] = problems({ port: 8080, token: 'short!' });
    expect(problem?.path).toBe('token');
    expect(problem?.message).not.toContain('short!');
    vi.stubEnv('IHANDLER_HTTP_TOKEN', 'short!');
    expect(problems({ port: 8080 })).toEqual([
      { path: 'token', message: expect.stringMatching(/^expected in IHANDLER_HTTP_TOKEN/) },
    ]);
  });

  it('require a different token for every sensor', () => {
    const sensors = ['a', 'b'].map((sensor) => ({ sensor, token }));
    expect(problems({ port: 8080, sensors })).toEqual([
      { path: 'sensors[1].token', message: expect.stringContaining('that no other entry has') },
    ]);
  });

  it('require a certificate and its key together', () => {
    expect(problems({ port: 8080, tls: { cert: '/c.pem' } })).toMatchObject([{ path: 'tls.key' }]);
    expect(problems({ port: 8080, tls: { key: '/k.pem' } })).toMatchObject([{ path: 'tls.cert' }]);
    expect(problems({ port: 8080, tls: { cert: '/c.pem', key: '/k.pem' } })).toEqual([]);
  });

  it('report all problems together', () => {
    expect(
      problems({ port: 70_000, hots: 'x', maxBody: '0.5kB' })
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual(['hots', 'maxBody', 'port']);
  });
});
