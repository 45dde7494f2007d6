import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ForwardOptions } from './index.ts';
import { type Certificate, type Certificates, makeCertificates } from './testing/make-certificates.ts';
import { openHub } from './testing/open-hub.ts';
import { offers, startForward } from './testing/start-forward.ts';

const token = 'a-token-of-the-test-0';
let made: Certificates;

beforeAll(() => {
  made = makeCertificates();
});
afterAll(() => made.remove());

/** Sends two incidents to a hub that shows a certificate; what came of it. */
async function send(certificate: Certificate, options: Partial<ForwardOptions>) {
  const hub = await openHub({ token, tls: certificate });
  const started = await startForward({ url: `https://127.0.0.1:${hub.port}/`, token, ...options });
  return { hub, started };
}

async function refused(certificate: Certificate, options: Partial<ForwardOptions>): Promise<string> {
  const { hub, started } = await send(certificate, options);
  const failure = await started.refusal(offers(2));
  expect(failure.retryAfter).toBe(60_000);
  expect(started.log).toEqual([failure.message]);
  expect(hub.incidents).toEqual([]);
  return failure.message;
}

describe('TLS', () => {
  it('takes a certificate that a private authority signed', async () => {
    const { hub, started } = await send(made.good, { ca: made.ca });
    await started.write(offers(2));
    await started.write(offers(3).slice(2));
    expect(hub.incidents).toEqual(offers(3));
  });

  it('takes a certificate, or a key, that is pinned, whoever signed it and for whatever name', async () => {
    for (const pin of [made.fingerprint, made.fingerprint.replaceAll(':', '').toLowerCase(), made.keyPin]) {
      const { hub, started } = await send(made.good, { pin });
      await started.write(offers(2));
      await started.write(offers(3).slice(2));
      expect(hub.incidents).toEqual(offers(3));
    }
  });

  it('takes no certificate that nobody known signed, and says what to do', async () => {
    expect(await refused(made.good, {})).toMatch(/its certificate is not trusted .* set "ca" .* or "pin"/);
    expect(await refused(made.good, { ca: made.otherCa })).toMatch(/its certificate is not trusted/);
  });

  it('takes no certificate for another name, and none that has expired', async () => {
    expect(await refused(made.otherName, { ca: made.ca })).toContain('is for another name');
    expect(await refused(made.expired, { ca: made.ca })).toContain('has expired; renew it there');
  });

  it('takes no other certificate than the pinned one, nor when that has expired', async () => {
    const message = await refused(made.otherName, { pin: made.fingerprint });
    expect(message).toMatch(/the SHA-256 of its certificate is [0-9A-F:]{95}, not the one of "pin"/);
    const [, shown = ''] =
      /is ([0-9A-F:]{95})/.exec(await refused(made.expired, { pin: made.fingerprint })) ?? [];
    expect(await refused(made.expired, { pin: shown })).toContain('has expired; renew it there');
  });

  it('tells nothing, no token either, to one who shows the wrong certificate', async () => {
    const heard: Buffer[] = [];
    const { cert, key } = made.otherName;
    const liar = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
      socket.on('data', (chunk) => heard.push(chunk));
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void liar.close());
    // Safe: it listens on a port.
    const url = `https://127.0.0.1:${(liar.address() as AddressInfo).port}/`;
    for (const options of [{ pin: made.fingerprint }, { ca: made.ca }, {}])
      await (await startForward({ url, token, ...options })).refusal(offers(2));
    expect(Buffer.concat(heard).toString()).toBe('');
  });

  it('is missed where the other end speaks none', async () => {
    const hub = await openHub({ token });
    const options = [{}, { pin: made.fingerprint }];
    for (const trust of options) {
      const started = await startForward({ url: `https://127.0.0.1:${hub.port}/`, token, ...trust });
      expect((await started.refusal(offers(1))).message).toMatch(/does not speak TLS|cannot be reached/);
    }
  });

  it('that ends in the middle of a handshake is tried later', async () => {
    const server = createTcpServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    // Safe: it listens on a port.
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    for (const trust of [{}, { pin: made.fingerprint }])
      expect(await (await startForward({ url, ...trust })).refusal(offers(1))).toMatchObject({
        retryAfter: 0,
      });
  });

  it('of a hub cuts those who do not even shake hands', async () => {
    const hub = await openHub({ token, tls: made.good });
    const began = performance.now();
    const socket = connect(hub.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('\x16\x03\x01');
    await new Promise((resolve) => socket.on('close', resolve));
    expect(performance.now() - began).toBeLessThan(8000);
  });

  it('needs a file for "ca" that holds certificates', async () => {
    const url = 'https://127.0.0.1:1/';
    await expect(startForward({ url, ca: '/there/is/none' })).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
      message: expect.stringContaining('/there/is/none cannot be read'),
    });
    await expect(startForward({ url, ca: made.good.key })).rejects.toMatchObject({
      message: expect.stringContaining('holds no certificate'),
    });
  });
});
