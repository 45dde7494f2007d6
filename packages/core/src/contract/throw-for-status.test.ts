import { describe, expect, it } from 'vitest';
import { failureKind } from './failure-kind.ts';
import { throwForStatus } from './throw-for-status.ts';

const now = Date.UTC(2026, 0, 1);

async function failureOf(
  body: string | ReadableStream | null,
  init: ResponseInit,
): Promise<Error & { retryAfter?: number }> {
  try {
    await throwForStatus(new Response(body, init), now);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('expected a failure');
}

describe('throwForStatus', () => {
  it('leaves a success and its body alone', async () => {
    for (const status of [200, 201, 299]) {
      const response = new Response('fine', { status });
      await throwForStatus(response);
      expect(await response.text()).toBe('fine');
    }
  });

  it.each([408, 425, 429, 500, 502, 503, 599])('throws a temporary error for %i', async (status) => {
    const error = await failureOf('busy', { status });
    expect(failureKind(error)).toBe('temporary');
    expect(error).toMatchObject({ status, retryAfter: 0 });
  });

  it.each([304, 400, 401, 403, 404, 409, 410, 413, 422])(
    'throws a permanent error for %i',
    async (status) => {
      const error = await failureOf(null, { status });
      expect(failureKind(error)).toBe('permanent');
      expect(error).toMatchObject({ status });
    },
  );

  it.each<[string, string, number]>([
    ['seconds', '120', 120_000],
    ['a date', new Date(now + 90_000).toUTCString(), 90_000],
    ['a date in the past', new Date(now - 90_000).toUTCString(), 0],
    ['more than an hour', '86400', 3_600_000],
    ['something else', 'soon', 0],
  ])('waits as long as a Retry-After with %s says, and an hour at most', async (_, header, delay) => {
    const error = await failureOf('', { status: 429, headers: { 'retry-after': header } });
    expect(error.retryAfter).toBe(delay);
  });

  it('says the status, the reason and the first bytes of the body, escaped', async () => {
    const error = await failureOf(`no\n such \u001b[31mlist${'x'.repeat(10_000)}`, {
      status: 404,
      statusText: 'Not Found',
    });
    expect(error.message).toMatch(/^the server answered 404 Not Found: no such \\x1b\[31mlistx{100,}…$/);
    expect(error.message.length).toBeLessThan(300);
  });

  it('names the server without the path and query, which may hold a secret', async () => {
    const response = new Response('', { status: 400 });
    Object.defineProperty(response, 'url', { value: 'https://hooks.example:8443/T0/secret?key=secret' });
    await expect(throwForStatus(response)).rejects.toThrow(/^hooks\.example:8443 answered 400$/);
  });

  it('says what to check after 401 and 403', async () => {
    expect((await failureOf('', { status: 401 })).message).toMatch(/check the credentials/);
    expect((await failureOf('', { status: 403 })).message).toMatch(/check what these credentials/);
  });

  it('reads the beginning of a body that never ends, and of one that breaks', async () => {
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.from('a'.repeat(1000))),
    });
    expect((await failureOf(endless, { status: 500 })).message).toMatch(/answered 500: a+…$/);
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(Buffer.from('begins'));
        controller.error(new Error('reset'));
      },
    });
    expect((await failureOf(broken, { status: 500 })).message).toMatch(/answered 500/);
  });
});
