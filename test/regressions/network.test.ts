// Bugs in the history of cowrie that concern servers: the commit, and the bug.
// The bugs of its VirusTotal plugin (fe5ce71e: an unknown file counted as a failure and was never submitted; 9435d353: the comment
// was posted to another object; ba516e75, in part: a comment that already exists) have their tests beside the handler, against a
// test server: `errors.test.ts` and `virustotal.test.ts` in packages/virustotal.
// 3d80cf19 (a promise was kept and used twice) cannot occur: responses are kept only in a database.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { decodeIncident } from '@ihandler/core';
import forward from '@ihandler/forward';
import { incidents } from '@ihandler/testkit';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { hostOf, temporaryFolder } from '../support/regressions/hosting.ts';
import { freePort } from '../support/servers/free-port.ts';

/** A hub that accepts every post and records ids and connections. */
async function openHub(port: number) {
  const ids: string[] = [];
  let connections = 0;
  async function read(incoming: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const text = String(incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes);
    for (const line of text.trimEnd().split('\n')) ids.push(decodeIncident(line).id);
  }
  const server: Server = createServer((incoming, response) => {
    void read(incoming).then(() => response.writeHead(204).end());
  });
  server.on('connection', () => {
    connections += 1;
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  // Safe: it listens on a port.
  const { port: own } = server.address() as AddressInfo;
  return { ids, url: `http://127.0.0.1:${own}/`, connections: () => connections };
}

describe('98172a8e, 0dc65758: a broker that was down at startup disabled the plugin for good, and tasks piled up', () => {
  it('forward delivers everything to a server that was down at startup', async () => {
    const port = await freePort();
    const host = hostOf(temporaryFolder(), [forward({ url: `http://127.0.0.1:${port}/` })]);
    await host.start();
    const all = incidents(5000, 'dionaea.connection.tcp.accept');
    await host.report(all);
    await vi.waitFor(() => expect(host.status()).toMatchObject([{ failure: expect.any(String) }]), 10_000);
    expect(host.status()).toMatchObject([{ pending: 5000 }]);
    const hub = await openHub(port);
    expect(await host.drain()).toEqual([]);
    await host.close();
    expect(hub.ids).toEqual(all.map(({ id }) => id));
  });
});

describe('2b993866: each event had its own HTTP client', () => {
  it('all posts of forward share a connection', async () => {
    const hub = await openHub(0);
    const host = hostOf(temporaryFolder(), [forward({ url: hub.url })], { batch: 10 });
    await host.start();
    for (const one of incidents(40, 'dionaea.connection.tcp.accept')) {
      await host.report([one]);
      await host.drain();
    }
    await host.close();
    expect(hub.ids).toHaveLength(40);
    expect(hub.connections()).toBe(1);
  });
});
