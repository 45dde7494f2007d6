import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createIncident, type Handler, type Incident, type Source } from '@ihandler/core';
import hpfeeds from '@ihandler/hpfeeds';
import hpfeedsSource from '@ihandler/hpfeeds/source';
import journalSqlite from '@ihandler/journal-sqlite';
import nats from '@ihandler/nats';
import natsSource from '@ihandler/nats/source';
import { host, keepRunning, until } from '@ihandler/test-support/host';
import { describeService, startHpfeedsBroker, startNats, startProsody } from '@ihandler/test-support/servers';
import { recordIncidents } from '@ihandler/testkit';
import xmpp from '@ihandler/xmpp';
import xmppSource from '@ihandler/xmpp/source';
import { expect, it, onTestFinished, vi } from 'vitest';

vi.setConfig({ testTimeout: 90_000 });

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-published-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function incidentOf(ordinal: number, url = `http://192.0.2.1/${ordinal}`): Incident {
  const id = `s:${ordinal}`;
  return createIncident({ id, origin: 'dionaea.download.offer', timestamp: 1, sensor: 'pot', data: { url } });
}

interface Publisher {
  make(): Handler;
  /** How long to wait before each publication, in milliseconds. @default 0 */
  readonly waits?: number;
}

/** Publishes as a sensor whose data folder is new each time, as after a reset: it repeats ids. */
async function attack(publisher: Publisher, source: Source, isListening: () => boolean = () => true) {
  const recorder = recordIncidents();
  const hub = await host(
    [{ handler: recorder }],
    journalSqlite({ file: join(newFolder(), 'journal.sqlite') }),
  );
  const end = new AbortController();
  onTestFinished(async () => {
    end.abort();
    await hub.close();
  });
  keepRunning(hub, source, { signal: end.signal }).catch(() => undefined);
  await until(isListening);
  async function publish(...incidents: readonly Incident[]) {
    await setTimeout(publisher.waits ?? 0);
    const sensor = await host([{ handler: publisher.make() }]);
    await sensor.report(incidents);
    expect(await sensor.drain({ stalledAfter: 30_000 })).toEqual([]);
    await sensor.close();
  }
  const status = () => hub.sources()[0];
  await publish(incidentOf(1), incidentOf(9));
  await until(() => recorder.incidents.length === 2);
  // The same id with other content, an ordinal that falls, and both again.
  for (let round = 1; round <= 2; round += 1) {
    await publish(incidentOf(9, `http://192.0.2.66/${round}`));
    await until(() => status()?.rejected === round);
    await publish(incidentOf(3), incidentOf(10));
    await until(() => (status()?.accepted ?? 0) === 4 && (round === 1 || (status()?.known ?? 0) >= 2));
  }
  await until(() => recorder.incidents.length === 4);
  expect(recorder.incidents.map(({ id }) => id).toSorted()).toEqual(['s:1', 's:10', 's:9', 's~3:3']);
  const taken = recorder.incidents.filter(({ data }) => JSON.stringify(data).includes('192.0.2.66'));
  expect(taken).toEqual([]);
  expect(status()).toMatchObject({ accepted: 4, rejected: 2 });
  expect(status()?.assumed).toBeUndefined();
}

const claim =
  'rejects another incident with a known id, and stores one whose ordinal falls under a redelivery id';

describeService('nats-server', () => {
  it(`the source nats ${claim}`, async () => {
    const server = await startNats();
    onTestFinished(() => server.stop());
    // The server must not recognise the duplicates in place of the source.
    const create = { duplicateWindow: '1s' };
    const at = { url: server.url, stream: 'S', prefix: 's', partitions: 1, create };
    const publisher = { make: () => nats(at), waits: 1500 };
    await attack(publisher, natsSource(at));
  });
});

describeService('prosody', () => {
  it(`the source xmpp ${claim}`, async () => {
    const server = await startProsody({ pot: 'one', hub: 'two' });
    onTestFinished(() => server.stop());
    const room = 'published@rooms.localhost';
    const by = (user: string, password: string) => ({
      url: server.url,
      username: `${user}@localhost`,
      password,
    });
    await attack(
      { make: () => xmpp({ ...by('pot', 'one'), rooms: [{ room }] }) },
      xmppSource({ ...by('hub', 'two'), rooms: [room] }),
    );
  });
});

it(`the source hpfeeds ${claim}`, async () => {
  const broker = await startHpfeedsBroker({
    users: {
      sensor: { secret: 'one', publish: ['ihandler.incidents'], subscribe: [] },
      hub: { secret: 'two', publish: [], subscribe: ['ihandler.incidents'] },
    },
  });
  onTestFinished(() => broker.stop());
  const at = { server: '127.0.0.1', port: broker.port };
  await attack(
    { make: () => hpfeeds({ ...at, ident: 'sensor', secret: 'one', dionaea: false }) },
    hpfeedsSource({ ...at, ident: 'hub', secret: 'two' }),
    () => broker.subscriptions() === 1,
  );
});
