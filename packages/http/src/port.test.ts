import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { failureKind } from '@ihandler/core';
import { openPort } from '@ihandler/test-support/host';
import { describe, expect, it } from 'vitest';
import http, { type HttpOptions } from './index.ts';
import { line } from './testing/line.ts';
import { head, sendRaw } from './testing/raw-client.ts';

describe('the port', () => {
  async function failure(options: HttpOptions): Promise<unknown> {
    return openPort(http(options)).then(
      () => 'it listens',
      (error: unknown) => error,
    );
  }

  it('fails with a temporary error and a fix when another program uses it', async () => {
    const { port } = await openPort(http({ port: 0 }));
    const error = await failure({ port });
    expect(failureKind(error)).toBe('temporary');
    expect(error).toMatchObject({
      message: `http: cannot listen on port ${port} of 127.0.0.1: another program uses it. Stop that program, or choose another port.`,
    });
  });

  it('fails with a temporary error when this machine does not have the address, which may come up later', async () => {
    const error = await failure({ port: 0, host: '192.0.2.1', token: 'a-token-of-the-test-0' });
    expect(failureKind(error)).toBe('temporary');
    expect(String(error)).toContain(
      'this machine does not have this address. Set "host" to one of its addresses.',
    );
  });

  it('is free after the source has stopped, even with idle connections, and can be opened again', async () => {
    const source = http({ port: 0 });
    const first = await openPort(source);
    const idle = connect(first.port, '127.0.0.1');
    await once(idle, 'connect');
    const cut = once(idle, 'close');
    await first.stop();
    await cut;
    const second = await openPort(http({ port: first.port }));
    expect((await sendRaw(second.port, [head(line(1).length), line(1)])).text).toMatch(/204/);
  });

  it('finishes a running post when the source stops, and accepts no other', async () => {
    let durable: () => void = () => undefined;
    const { port, stop } = await openPort(http({ port: 0 }), {
      report: () =>
        new Promise((resolve) => {
          durable = resolve;
        }),
    });
    const running = sendRaw(port, [head(line(1).length).replace('Connection: close', 'X: y'), line(1)]);
    await delay(100);
    const stopped = stop();
    await delay(50);
    expect((await sendRaw(port, [head(line(2).length), line(2)])).text).toBe('');
    durable();
    expect((await running).text).toMatch(/^HTTP\/1.1 204 .*Connection: close/s);
    await stopped;
  });

  it('waits at most a second for a running post when the source stops', async () => {
    const { port, stop } = await openPort(http({ port: 0 }));
    const slow = sendRaw(port, [head(1000), 'x']);
    await delay(100);
    const began = performance.now();
    await stop();
    expect(performance.now() - began).toBeLessThan(1800);
    expect((await slow).text).toBe('');
  });
});
