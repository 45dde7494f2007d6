import { connect, createServer, type Server, type Socket } from 'node:net';
import { failureKind } from '@ihandler/core';
import { stream } from '@ihandler/test-support/attacks';
import { describeService, type Postgres, startPostgres } from '@ihandler/test-support/servers';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { query } from '../testing/query.ts';
import { startHandler } from '../testing/start-handler.ts';

/** A proxy between a handler and its server. With `loses` set, it forwards the next COMMIT and drops the answer. */
async function startLossyProxy(port: number) {
  const proxy = { loses: false, lost: 0 };
  const server: Server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    let isLost = false;
    const end = (socket: Socket) => () => socket.destroy();
    client.on('error', end(upstream)).on('close', end(upstream));
    upstream.on('error', end(client)).on('close', end(client));
    client.on('data', (data) => {
      if (proxy.loses && data.includes('COMMIT')) {
        proxy.loses = false;
        isLost = true;
      }
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (!isLost) client.write(data);
      // The answer to a command contains its name.
      else if (data.includes('COMMIT\0')) {
        proxy.lost += 1;
        client.destroy();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return { proxy, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

describeService('postgres', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it('log-postgres stores a batch once when the answer to COMMIT is lost', async () => {
    const { proxy, port } = await startLossyProxy(server.port);
    const url = `postgres://ihandler@127.0.0.1:${port}/postgres`;
    const { write, counters } = await startHandler({ url });
    const { accept, offer, link } = stream();
    await write([accept('a')]);
    const batch = [accept('b'), link('a', 'b'), offer('b', 'http://1/')];
    proxy.loses = true;
    const failure = await write(batch).catch((error: unknown) => error);
    expect(failureKind(failure)).toBe('temporary');
    expect(String(failure)).toContain('cannot connect to');
    expect(proxy.lost).toBe(1);
    await write(batch);
    expect(counters?.()).toMatchObject({ stored: 1, duplicates: 3 });
    const [found] = await query(
      server.url,
      `SELECT (SELECT count(*)::int FROM dionaea.connections) AS connections,
        (SELECT count(*)::int FROM dionaea.connections WHERE connection_root = 1) AS tree,
        (SELECT count(*)::int FROM dionaea.offers) AS offers`,
    );
    expect(found).toEqual({ connections: 2, tree: 2, offers: 1 });
  });
});
