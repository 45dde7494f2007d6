import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createDispatcher, createMemoryJournal } from '@ihandler/core';
import { stream } from '@ihandler/test-support/attacks';
import { describeService, startPostgres } from '@ihandler/test-support/servers';
import { exampleOrigins } from '@ihandler/testkit';
import { expect, it, onTestFinished } from 'vitest';
import logPostgres from './index.ts';
import { query } from './testing/query.ts';
import { startHandler } from './testing/start-handler.ts';

describeService('postgres', () => {
  it('log-postgres loses nothing it acknowledged, even on a server that confirms writes before they are on disk', async () => {
    const settings = { synchronous_commit: 'off', wal_writer_delay: '10000' };
    const server = await startPostgres({ settings });
    onTestFinished(() => server.stop());
    const { write } = await startHandler({ url: server.url });
    const { accept } = stream();
    await write([accept('a')]);
    await write([accept('b')]);
    await server.kill();
    await server.start();
    const rows = await query(server.url, 'SELECT connection_id AS id FROM dionaea.ihandler_connections');
    expect(rows).toEqual([{ id: 'a' }, { id: 'b' }]);
  });

  it('log-postgres stores everything once when the server is killed repeatedly during writes', async () => {
    const server = await startPostgres();
    onTestFinished(() => server.stop());
    const dataDir = mkdtempSync(join(tmpdir(), 'ihandler-crash-'));
    onTestFinished(() => rmSync(dataDir, { recursive: true }));
    await using dispatcher = createDispatcher({
      origins: [exampleOrigins],
      journal: createMemoryJournal(),
      handlers: [{ handler: logPostgres({ url: server.url }) }],
      sensor: 'crash',
      dataDir,
      batch: 50,
      retry: { base: 20, cap: 100 },
    });
    await dispatcher.start();
    const { accept, offer } = stream();
    const incidents = Array.from({ length: 10_000 }, (_, n) => [
      accept(`c${n}`),
      offer(`c${n}`, `http://192.0.2.9/${n}`),
    ]).flat();
    let reported = false;
    const reporting = (async () => {
      for (let at = 0; at < incidents.length; at += 100)
        await dispatcher.report(incidents.slice(at, at + 100));
      reported = true;
    })();
    let kills = 0;
    while (!reported && kills < 4) {
      await delay(100 + Math.random() * 400);
      await server.kill();
      kills += 1;
      await delay(Math.random() * 150);
      await server.start();
    }
    await reporting;
    expect(await dispatcher.drain({ stalledAfter: 30_000 })).toEqual([]);
    expect(dispatcher.status()[0]?.counts).toMatchObject({ delivered: incidents.length, dead: 0 });
    expect(kills).toBeGreaterThan(0);
    const [found] = await query(
      server.url,
      `SELECT (SELECT count(*)::int FROM dionaea.connections) AS connections,
        (SELECT count(*)::int FROM dionaea.offers) AS offers,
        (SELECT count(DISTINCT offer_url)::int FROM dionaea.offers) AS urls,
        (SELECT count(*)::int FROM dionaea.ihandler_ids) AS ids`,
    );
    expect(found).toEqual({ connections: 10_000, offers: 10_000, urls: 10_000, ids: 20_000 });
  }, 90_000);
});
