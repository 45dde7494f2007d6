import { optionProblems } from '@ihandler/core';
import { describe, expect, it, vi } from 'vitest';
import http, { type HttpOptions } from './index.ts';

const token = 'a-token-of-the-test-0';

function problems(options: unknown): readonly { path: string; message: string }[] {
  try {
    // Safe: what does not fit is what these tests are about.
    http(options as HttpOptions);
    return [];
  } catch (error) {
    return optionProblems(error);
  }
}

describe('options', () => {
  it('need a token where the address is not a loopback one', () => {
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

  it('need a token that is long enough, wherever it comes from, and never show it', () => {
    const [problem] = problems({ port: 8080, token: 'short!' });
    expect(problem?.path).toBe('token');
    expect(problem?.message).not.toContain('short!');
    vi.stubEnv('IHANDLER_HTTP_TOKEN', 'short!');
    expect(problems({ port: 8080 })).toEqual([
      { path: 'token', message: expect.stringMatching(/^expected in IHANDLER_HTTP_TOKEN/) },
    ]);
  });

  it('need a token of its own for every sensor', () => {
    const sensors = ['a', 'b'].map((sensor) => ({ sensor, token }));
    expect(problems({ port: 8080, sensors })).toEqual([
      { path: 'sensors[1].token', message: expect.stringContaining('that no other entry has') },
    ]);
  });

  it('need a certificate and its key together', () => {
    expect(problems({ port: 8080, cert: '/c.pem' })).toMatchObject([{ path: 'key' }]);
  });

  it('are told of all together', () => {
    expect(
      problems({ port: 70_000, hots: 'x', maxBody: 1 })
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual(['hots', 'maxBody', 'port']);
  });
});
