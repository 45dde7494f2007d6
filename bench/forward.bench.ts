import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  createDispatcher,
  createIncident,
  createMemoryJournal,
  defineHandler,
  encodeIncident,
  type Incident,
  type Log,
  silentLog,
} from '@ihandler/core';
import forward from '@ihandler/forward';
import http from '@ihandler/http';
import journalSqlite from '@ihandler/journal-sqlite';
import { exampleOrigins } from '@ihandler/testkit';
import { median } from './support/median.ts';

const ROUNDS = 5;
const BATCH = 1000;
const COUNT = 50_000;
const recording = new URL('../test/recordings/seed-attack.ndjson', import.meta.url);

/** A connection of the recording as incidents hold it. */
function connectionOf(raw: Record<string, unknown>): object {
  return {
    id: raw['id'],
    protocol: raw['protocol'],
    transport: raw['transport'],
    local: { host: raw['local_ip'], port: raw['local_port'] },
    remote: { host: raw['remote_ip'], port: raw['remote_port'], hostname: raw['remote_hostname'] },
  };
}

const recorded = readFileSync(recording, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const { timestamp, origin, data } = JSON.parse(line);
    for (const key of ['connection', 'parent', 'child']) if (data[key]) data[key] = connectionOf(data[key]);
    return { timestamp: Date.parse(`${timestamp}Z`), origin, data, sensor: 'hive' };
  });

/** The recording repeated, as the incidents of one stream. */
function batchesOf(stream: string): Incident[][] {
  return Array.from({ length: COUNT / BATCH }, (_, b) =>
    Array.from({ length: BATCH }, (_, i) => {
      const ordinal = b * BATCH + i + 1;
      const parts = recorded[ordinal % recorded.length];
      if (parts === undefined) throw new Error('the recording is empty');
      return createIncident({ ...parts, id: `${stream}:${ordinal * 370}` });
    }),
  );
}

/** Posts bodies one after the other on one connection. */
async function bare(bodies: readonly Buffer[], port: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const began = performance.now();
  for (const body of bodies)
    await new Promise<void>((resolve, reject) => {
      const headers = { 'content-length': body.length, 'content-encoding': 'gzip' };
      const sent = request({ port, host: '127.0.0.1', method: 'POST', agent, headers }, (response) => {
        response.resume();
        response.on('end', () => {
          if (response.statusCode === 204) resolve();
          else reject(new Error(`expected 204, found ${response.statusCode}`));
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const took = performance.now() - began;
  agent.destroy();
  return took;
}

/** Starts another host with a durable journal. Returns its port and a function that closes it. */
async function openHub(folder: string) {
  let listening: (port: number) => void = () => undefined;
  const port = new Promise<number>((resolve) => {
    listening = resolve;
  });
  const log: Log = { ...silentLog, info: (_message, details) => listening(Number(details?.['port'])) };
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: journalSqlite({ file: join(folder, 'hub.journal') }),
    handlers: [{ handler: defineHandler({ name: 'nothing', on: { 'acme.nothing': () => undefined } }) }],
    sensor: 'hub',
    dataDir: folder,
    log: () => log,
  });
  await dispatcher.start();
  const running = dispatcher.run(http({ port: 0 }));
  const close = async () => {
    await dispatcher.close();
    await running;
  };
  return { port: await port, close };
}

/** The time from the report in one host to the response of the other. */
async function hop(batches: readonly Incident[][], port: number, folder: string): Promise<number> {
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: [{ handler: forward({ url: `http://127.0.0.1:${port}/` }) }],
    sensor: 'hive',
    dataDir: folder,
  });
  await dispatcher.start();
  const began = performance.now();
  for (const batch of batches) await dispatcher.report(batch);
  await dispatcher.drain();
  const took = performance.now() - began;
  await dispatcher.close();
  return took;
}

const folder = mkdtempSync(join(tmpdir(), 'ihandler-bench-'));
const sink = createServer((incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk) => chunks.push(chunk));
  incoming.on('end', () => {
    gunzipSync(Buffer.concat(chunks));
    response.writeHead(204).end();
  });
});
await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
// Safe: it listens on a port.
const sinkPort = (sink.address() as AddressInfo).port;
const hub = await openHub(folder);
const times = { hop: [] as number[], same: [] as number[], sink: [] as number[] };
for (let round = 0; round < ROUNDS; round += 1) {
  const bodies = batchesOf(`ba5e${round}`).map((batch) =>
    gzipSync(batch.map((incident) => `${encodeIncident(incident)}\n`).join(''), { level: 1 }),
  );
  times.same.push(await bare(bodies, hub.port));
  times.sink.push(await bare(bodies, sinkPort));
  times.hop.push(await hop(batchesOf(`0b0e${round}`), hub.port, folder));
}
await hub.close();
sink.close();
rmSync(folder, { recursive: true, force: true });

const rate = (took: readonly number[]): string =>
  Math.round((COUNT / median(took)) * 1000).toLocaleString('en');
const ratio = (limit: readonly number[]): string =>
  median(limit.map((took, round) => took / (times.hop[round] ?? 0))).toFixed(2);
console.log(`incidents per second, ${BATCH} per post, to a host with a durable journal`);
console.log(`  hop: forward → http → journal      ${rate(times.hop)}`);
console.log(`  bare POST of the same bytes to it  ${rate(times.same)}`);
console.log(`  the same to a server that decompresses and discards them  ${rate(times.sink)}`);
console.log(`  median ratio of the hop to the bare POST: ${ratio(times.same)} (goal: at least 0.5)`);
console.log(`  to the server that discards them: ${ratio(times.sink)}`);
