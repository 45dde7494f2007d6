// Measures the cost of an incident from a sensor to PostgreSQL: bytes on disks and on the wire, rows, and the incidents per
// second that each part handles while the others wait. docs/scale.md calculates with these figures.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import {
  createDispatcher,
  createMemoryJournal,
  encodeIncident,
  type Handler,
  type Incident,
} from '@ihandler/core';
import { maskSensor } from '@ihandler/core/kit';
import { createOrigins } from '@ihandler/core/origins';
import dionaea from '@ihandler/dionaea';
import forward from '@ihandler/forward';
import hpfeeds from '@ihandler/hpfeeds';
import http from '@ihandler/http';
import journalSqlite from '@ihandler/journal-sqlite';
import logPostgres from '@ihandler/log-postgres';
import nats from '@ihandler/nats';
import natsSource from '@ihandler/nats/source';
import { exampleOrigins } from '@ihandler/testkit';
import xmpp from '@ihandler/xmpp';
import pg from 'pg';
import { INCIDENTS_AN_ATTACK, writeRecording } from '../test/support/recorded-attacks.ts';
import { freePort } from '../test/support/servers/free-port.ts';
import { startHpfeedsBroker } from '../test/support/servers/hpfeeds-broker.ts';
import { startNats } from '../test/support/servers/nats.ts';
import { startPostgres } from '../test/support/servers/postgres.ts';
import { startProsody } from '../test/support/servers/prosody.ts';

const origins = createOrigins([exampleOrigins]);

const ATTACKS = 2000;
const INCIDENTS = ATTACKS * INCIDENTS_AN_ATTACK;
/** XMPP rooms are slower than everything else. */
const IN_A_ROOM = 3400;

const folder = mkdtempSync(join(tmpdir(), 'ihandler-scale-'));
const file = join(folder, 'recording.ndjson');
await writeRecording(file, ATTACKS);
const incidents: Incident[] = [];
await dionaea({ file }).run({
  instance: 'dionaea',
  sensor: 'hive',
  signal: new AbortController().signal,
  log: { error() {}, warn() {}, info() {}, debug() {} },
  now: Date.now,
  state: () => undefined,
  report: async (batch) => void incidents.push(...batch),
  resumeAfter: () => undefined,
  reject: async () => undefined,
  progress: () => undefined,
});

/** The number of incidents per second that a handler handles. */
async function handled(handler: Handler, given: readonly Incident[] = incidents): Promise<number> {
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: [{ handler }],
    sensor: 'hive',
    dataDir: folder,
  });
  await dispatcher.start();
  const began = performance.now();
  for (let at = 0; at < given.length; at += 1000) await dispatcher.report(given.slice(at, at + 1000));
  const unfinished = await dispatcher.drain();
  const took = performance.now() - began;
  await dispatcher.close();
  if (unfinished.length > 0)
    throw new Error(`${handler.name} did not handle every incident: ${unfinished[0]?.failure}`);
  return (given.length / took) * 1000;
}

function sizeOf(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

const rows: string[] = [];
function line(what: string, bytes: number | undefined, rate: number | undefined): void {
  const figures = [bytes, rate].map((figure) => figure && Math.round(figure).toLocaleString('en'));
  rows.push(`| ${what} | ${figures.map((figure) => figure || '–').join(' | ')} |`);
}

line('a line of log_incident', sizeOf(file) / INCIDENTS, undefined);

async function measureJournal(): Promise<void> {
  const journal = join(folder, 'measured.journal');
  const own = createDispatcher({
    origins: [exampleOrigins],
    journal: journalSqlite({ file: journal }),
    // Without a handler that is behind, the journal would delete the incidents.
    handlers: [
      { handler: { contract: 1, name: 'idle', accepts: ['*'], write: () => new Promise<void>(() => {}) } },
    ],
    sensor: 'hive',
    dataDir: folder,
  });
  await own.start();
  const began = performance.now();
  for (let at = 0; at < INCIDENTS; at += 1000) await own.report(incidents.slice(at, at + 1000));
  const took = performance.now() - began;
  await own.close({ within: 100 });
  line('the journal on disk', sizeOf(journal) / INCIDENTS, (INCIDENTS / took) * 1000);
}

async function measureForward(): Promise<void> {
  const hub = createDispatcher({
    origins: [exampleOrigins],
    journal: journalSqlite({ file: join(folder, 'hub.journal') }),
    handlers: [],
    sensor: 'hub',
    dataDir: folder,
  });
  await hub.start();
  const port = await freePort();
  const running = hub.run(http({ port }));
  const rate = await handled(forward({ url: `http://127.0.0.1:${port}/` }));
  await hub.close();
  await running;
  const bodies = Array.from({ length: 20 }, (_, at) =>
    gzipSync(
      incidents
        .slice(at * 1000, (at + 1) * 1000)
        .map((incident) => `${encodeIncident(maskSensor(incident, origins))}\n`)
        .join(''),
      { level: 1 },
    ),
  );
  const gzipped = bodies.reduce((sum, { length }) => sum + length, 0) / 20_000;
  line('`forward`, gzipped on the wire, into a durable journal', gzipped, rate);
}

async function measureNats(): Promise<void> {
  const server = await startNats();
  const rate = await handled(nats({ url: server.url, create: {} }));
  const { connect } = await import('@nats-io/transport-node');
  const { jetstreamManager } = await import('@nats-io/jetstream');
  const client = await connect({ servers: server.url });
  const { state } = await (await jetstreamManager(client)).streams.info('IHANDLER');
  await client.close();
  line('`nats`, in the stream on disk', state.bytes / state.messages, rate);
  line('`nats`, from the stream into a durable journal', undefined, await taken(server.url));
  await server.stop();
}

/** The number of incidents per second that a hub reads from a stream that holds all of them. */
async function taken(url: string): Promise<number> {
  const hub = createDispatcher({
    origins: [exampleOrigins],
    journal: journalSqlite({ file: join(folder, 'taking.journal') }),
    handlers: [],
    sensor: 'hub',
    dataDir: folder,
  });
  await hub.start();
  const began = performance.now();
  const end = new AbortController();
  const running = hub.run(natsSource({ url }), { signal: end.signal });
  while ((hub.sources()[0]?.accepted ?? 0) < INCIDENTS) await pause(20);
  const took = performance.now() - began;
  end.abort();
  await running;
  await hub.close();
  return (INCIDENTS / took) * 1000;
}

async function measureHpfeeds(): Promise<void> {
  const channel = 'ihandler.incidents';
  const broker = await startHpfeedsBroker({
    users: { pot: { secret: 'one', publish: [channel], subscribe: [] } },
  });
  const at = { server: '127.0.0.1', port: broker.port, ident: 'pot', secret: 'one' };
  const rate = await handled(hpfeeds({ ...at, dionaea: false }));
  await broker.stop();
  line('`hpfeeds`, whole incidents', undefined, rate);
}

async function measureXmpp(): Promise<void> {
  const server = await startProsody({ pot: 'one' }, 'storage_archive_item_limit = 1000000');
  const account = { url: server.url, username: 'pot@localhost', password: 'one' };
  const rooms = [{ room: 'a@rooms.localhost' }];
  const rate = await handled(xmpp({ ...account, rooms }), incidents.slice(0, IN_A_ROOM));
  await server.stop();
  line('`xmpp`, one room of a Prosody that keeps an archive', undefined, rate);
}

async function measurePostgres(): Promise<void> {
  const server = await startPostgres({ fsync: true });
  const rate = await handled(logPostgres({ url: server.url }));
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const { rows: sizes } = await client.query<{ name: string; bytes: number; rows: number }>(
    `SELECT c.relname AS name, pg_total_relation_size(c.oid)::float8 AS bytes, s.n_live_tup::float8 AS rows
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace JOIN pg_stat_user_tables AS s ON s.relid = c.oid
      WHERE nspname = 'dionaea' AND relkind = 'r'`,
  );
  await client.end();
  await server.stop();
  const sum = (key: 'bytes' | 'rows', of = sizes) => of.reduce((all, row) => all + row[key], 0);
  const ids = sizes.filter(({ name }) => name === 'ihandler_ids');
  line('PostgreSQL, tables and indexes, with ids', sum('bytes') / INCIDENTS, rate);
  line('of that the ids, which are deleted after `remember`', sum('bytes', ids) / INCIDENTS, undefined);
  rows.push(
    `\nrows in PostgreSQL: ${((sum('rows') - sum('rows', ids)) / INCIDENTS).toFixed(2)} per incident, and one id`,
  );
}

try {
  for (const measure of [
    measureJournal,
    measureForward,
    measureNats,
    measureHpfeeds,
    measureXmpp,
    measurePostgres,
  ])
    await measure();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  `| ${INCIDENTS.toLocaleString('en')} incidents, ${INCIDENTS_AN_ATTACK} per attack | bytes per incident | incidents/s |`,
);
console.log('| --- | ---: | ---: |');
for (const row of rows) console.log(row);
