// Measures incidents per second over a NATS JetStream stream. The limit publishes the same bytes (payload, subject and headers)
// with the client library alone, 1,000 at a time, until all are acknowledged. There is one server with one replica on this
// machine. It writes the stream to its disk.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDispatcher,
  createIncident,
  createMemoryJournal,
  defineHandler,
  encodeIncident,
  type Incident,
} from '@ihandler/core';
import { maskSensor } from '@ihandler/core/kit';
import { createOrigins } from '@ihandler/core/origins';
import journalSqlite from '@ihandler/journal-sqlite';
import nats from '@ihandler/nats';
import natsSource from '@ihandler/nats/source';
import { exampleOrigins } from '@ihandler/testkit';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { startNats } from '../test/support/servers/nats.ts';
import { median } from './support/median.ts';

const origins = createOrigins([exampleOrigins]);

const ROUNDS = 5;
const BATCH = 1000;
const COUNT = 30_000;

const connection = {
  id: '0123456789abcdef'.repeat(4),
  protocol: 'smbd',
  transport: 'tcp',
  local: { host: '192.0.2.1', port: 445 },
  remote: { host: '198.51.100.7', port: 47_650, hostname: '' },
};

/** Offers and accepts alternately, as incidents of one stream. */
function batchesOf(stream: string): Incident[][] {
  return Array.from({ length: COUNT / BATCH }, (_, b) =>
    Array.from({ length: BATCH }, (_unused, i) => {
      const ordinal = b * BATCH + i + 1;
      const isOffer = ordinal % 2 === 0;
      return createIncident({
        id: `${stream}:${ordinal * 370}`,
        origin: isOffer ? 'dionaea.download.offer' : 'dionaea.connection.tcp.accept',
        timestamp: 1.6e12 + ordinal,
        sensor: 'hive',
        data: { ...(isOffer && { url: `ftp://1:1@198.51.100.7:8218/ssms${ordinal}.exe` }), connection },
      });
    }),
  );
}

interface Message {
  readonly subject: string;
  readonly id: string;
  readonly after: number;
  readonly payload: Uint8Array;
}

/** The messages that the handler sends for these incidents. */
function messagesOf(prefix: string, batches: readonly Incident[][]): Message[][] {
  return batches.map((batch) =>
    batch.map((incident) => ({
      subject: `${prefix}.0.hive.${incident.origin}`,
      id: incident.id,
      after: Number(incident.id.split(':')[1]) - 370,
      payload: Buffer.from(encodeIncident(maskSensor(incident, origins))),
    })),
  );
}

const server = await startNats();
const folder = mkdtempSync(join(tmpdir(), 'ihandler-bench-'));
const client = await connect({ servers: server.url });
const manager = await jetstreamManager(client);

async function withStream(name: string, use: () => Promise<number>): Promise<number> {
  const subjects = [`${name}.>`];
  await manager.streams.add({ name, subjects });
  try {
    return await use();
  } finally {
    await manager.streams.delete(name);
  }
}

async function bare(name: string, stream: string): Promise<number> {
  const batches = messagesOf(name, batchesOf(stream));
  return withStream(name, async () => {
    const js = jetstream(client);
    const began = performance.now();
    for (const batch of batches)
      await Promise.all(
        batch.map(({ subject, id, after, payload }) => {
          const head = headers();
          head.set('Ihandler-After', String(after));
          return js.publish(subject, payload, { msgID: id, headers: head });
        }),
      );
    return performance.now() - began;
  });
}

/** The time until the server has every incident; with a hub, until the durable journal of the hub has every incident. */
async function hop(name: string, stream: string, hasHub: boolean): Promise<number> {
  const batches = batchesOf(stream);
  const at = { url: server.url, stream: name, prefix: name, partitions: 1 };
  const sensor = createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: [{ handler: nats(at) }],
    sensor: 'hive',
    dataDir: join(folder, `${name}-sensor`),
  });
  const hub = createDispatcher({
    origins: [exampleOrigins],
    journal: journalSqlite({ file: join(folder, `${name}.journal`) }),
    handlers: [{ handler: defineHandler({ name: 'nothing', on: { 'acme.nothing': () => undefined } }) }],
    sensor: 'hub',
    dataDir: join(folder, `${name}-hub`),
  });
  return withStream(name, async () => {
    await sensor.start();
    await hub.start();
    const running = hasHub ? hub.run(natsSource(at)) : undefined;
    const began = performance.now();
    for (const batch of batches) await sensor.report(batch);
    await sensor.drain();
    while (hasHub && (hub.sources()[0]?.accepted ?? 0) < COUNT)
      await new Promise((resolve) => setTimeout(resolve, 5));
    const took = performance.now() - began;
    await sensor.close();
    await hub.close();
    await running;
    return took;
  });
}

const times = { bare: [] as number[], hop: [] as number[], hub: [] as number[] };
try {
  for (let round = 0; round < ROUNDS; round += 1) {
    times.bare.push(await bare(`B${round}`, `ba5e${round}`));
    times.hop.push(await hop(`H${round}`, `0b0e${round}`, false));
    times.hub.push(await hop(`W${round}`, `1b0e${round}`, true));
  }
} finally {
  await client.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

const rate = (took: readonly number[]): string =>
  Math.round((COUNT / median(took)) * 1000).toLocaleString('en');
const ratio = (took: readonly number[]): string =>
  median(times.bare.map((limit, round) => limit / (took[round] ?? 0))).toFixed(2);
const bytes = messagesOf('x', batchesOf('x')).flat();
const size = bytes.reduce((sum, { payload }) => sum + payload.length, 0) / bytes.length;
console.log(`incidents per second, ${Math.round(size)} bytes each, ${BATCH} at a time`);
console.log(`  bare JetStream publish of the same bytes       ${rate(times.bare)}`);
console.log(`  report → nats → the stream                     ${rate(times.hop)}`);
console.log(`  report → nats → the stream → a hub's journal   ${rate(times.hub)}`);
console.log(`  median ratio of the hop to the bare publish: ${ratio(times.hop)} (goal: at least 0.5)`);
console.log(`  with the hub, on the same two cores: ${ratio(times.hub)}`);
