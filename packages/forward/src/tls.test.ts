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

/** Starts a hub with a certificate and a handler that sends to it. */
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

describe('the handler forward with TLS', () => {
  it('accepts a certificate of a private authority', async () => {
    const { hub, started } = await send(made.good, { tls: { ca: made.ca } });
    await started.write(offers(2));
    await started.write(offers(3).slice(2));
    expect(hub.incidents).toEqual(offers(3));
  });

  it('accepts a pinned certificate or key, whatever its authority and name', async () => {
    for (const pin of [made.fingerprint, made.fingerprint.replaceAll(':', '').toLowerCase(), made.keyPin]) {
      const { hub, started } = await send(made.good, { pin });
      await started.write(offers(2));
      await started.write(offers(3).slice(2));
      expect(hub.incidents).toEqual(offers(3));
    }
  });

  it('rejects an untrusted certificate and says what to do', async () => {
    expect(await refused(made.good, {})).toMatch(/certificate is not trusted: set "tls.ca" .* Or set "pin"/);
    expect(await refused(made.good, { tls: { ca: made.otherCa } })).toMatch(/certificate is not trusted/);
  });

  it('accepts any certificate with "tls.insecure"', async () => {
    const { hub, started } = await send(made.expired, { tls: { insecure: true } });
    await started.write(offers(2));
    expect(hub.incidents).toEqual(offers(2));
  });

  it('rejects a certificate that is for another name or has expired', async () => {
    expect(await refused(made.otherName, { tls: { ca: made.ca } })).toContain(
      'certificate is for another name',
    );
    expect(await refused(made.expired, { tls: { ca: made.ca } })).toMatch(
      /has expired.*renew it on the server/,
    );
  });

  it('rejects any other certificate than the pinned one, and an expired pinned one', async () => {
    const message = await refused(made.otherName, { pin: made.fingerprint });
    expect(message).toMatch(/the SHA-256 of its certificate is [0-9A-F:]{95}, not the one of "pin"/);
    const [, shown = ''] =
      /is ([0-9A-F:]{95})/.exec(await refused(made.expired, { pin: made.fingerprint })) ?? [];
    expect(await refused(made.expired, { pin: shown })).toMatch(/has expired.*renew it on the server/);
  });

  it('sends nothing to a server with a wrong certificate', async () => {
    const heard: Buffer[] = [];
    const { cert, key } = made.otherName;
    const liar = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
      socket.on('data', (chunk) => heard.push(chunk));
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void liar.close());
    // Safe: the server listens on a port.
    const url = `https://127.0.0.1:${(liar.address() as AddressInfo).port}/`;
    for (const options of [{ pin: made.fingerprint }, { tls: { ca: made.ca } }, {}])
      await (await startForward({ url, token, ...options })).refusal(offers(2));
    expect(Buffer.concat(heard).toString()).toBe('');
  });

  it('reports a server without TLS', async () => {
    const hub = await openHub({ token });
    const options = [{}, { pin: made.fingerprint }];
    for (const trust of options) {
      const started = await startForward({ url: `https://127.0.0.1:${hub.port}/`, token, ...trust });
      expect((await started.refusal(offers(1))).message).toMatch(
        /The TLS handshake failed: check that the server speaks TLS/,
      );
    }
  });

  it('retries when the connection ends during the handshake', async () => {
    const server = createTcpServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    // Safe: the server listens on a port.
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    for (const trust of [{}, { pin: made.fingerprint }])
      expect(await (await startForward({ url, ...trust })).refusal(offers(1))).toMatchObject({
        retryAfter: 0,
      });
  });

  it('is protected by a hub that disconnects clients without a complete handshake', async () => {
    const hub = await openHub({ token, tls: made.good });
    const began = performance.now();
    const socket = connect(hub.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('\x16\x03\x01');
    await new Promise((resolve) => socket.on('close', resolve));
    expect(performance.now() - began).toBeLessThan(8000);
  });

  it('requires a PEM file for "tls.ca"', async () => {
    const url = 'https://127.0.0.1:1/';
    await expect(startForward({ url, tls: { ca: '/there/is/none' } })).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
      message: expect.stringContaining('tls.ca: cannot read /there/is/none'),
    });
    await expect(startForward({ url, tls: { ca: import.meta.filename } })).rejects.toMatchObject({
      message: expect.stringContaining('is not a PEM file'),
    });
  });
});
