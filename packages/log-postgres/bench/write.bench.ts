// How fast attacks are written, against the limit: COPY of the same rows, keys and ids included, into the same tables with
// the same indexes and constraints, 1,000 incidents a transaction, on the same server, which makes every commit durable
// (fsync on). The limit knows nothing of incidents and does no look-ups; its text is made before the clock runs.
import { pipeline } from 'node:stream/promises';
import { createIncident, type HandlerContext, silentLog } from '@ihandler/core';
import logPostgres from '@ihandler/log-postgres';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { startPostgres } from '../../../test/services/postgres.ts';

const INCIDENTS = 34_000;
const BATCH = 1000;
const BATCHES = Math.ceil(INCIDENTS / BATCH);
const ROUNDS = 5;
const STREAM = '0123456789abcdef0123456789abcdef';

const hex = (n: number, part: number) =>
  BigInt.asUintN(64, BigInt(n * 8 + part + 1) * 0x9e3779b97f4a7c15n)
    .toString(16)
    .padStart(16, '0')
    .repeat(4);

/** 17 incidents of 4 connections: a shellcode that opens a port, through which a file is fetched. */
function attack(n: number): [origin: string, data: object][] {
  const remote = `198.51.${(n >> 8) & 255}.${n & 255}`;
  const connection = (part: number, protocol: string, port: number) => ({
    id: hex(n, part),
    protocol,
    transport: 'tcp',
    local: { host: '192.0.2.1', port },
    remote: { host: part === 1 ? '' : remote, port: 1024 + ((n * 7 + part) % 60_000), hostname: '' },
  });
  const smb = connection(0, 'smbd', 445);
  const shell = connection(1, 'remoteshell', 1957);
  const session = connection(2, 'remoteshell', 1957);
  const ftp = connection(3, 'ftpctrl', 37_065);
  const url = `ftp://1:1@${remote}:8218/ssms${n % 5000}.exe`;
  const p0f = {
    genre: 'Windows',
    detail: 'XP SP1+, 2000 SP3',
    link: 'ethernet/modem',
    dist: '11',
    tos: '',
    fw: '0',
    nat: '0',
    uptime: '-1',
  };
  const unused = { real: '0', score: '0', mflags: '0', magic: '233811181', id: '4294967295', type: '0' };
  const uuid = '4b324fc8-1670-01d3-1278-5a47bf6ee188';
  const transfersyntax = '8a885d04-1ceb-11c9-9fe8-08002b104860';
  const profile =
    '[\n    {\n        "call": "WSASocket",\n        "args" : [ "2", "1", "0" ],\n        "return" :  "66"\n    }\n]\n';
  return [
    ['dionaea.connection.tcp.accept', { connection: smb }],
    ['dionaea.modules.python.p0f', { ...p0f, ...unused, connection: smb }],
    ['dionaea.modules.python.smb.dcerpc.bind', { uuid, transfersyntax, connection: smb }],
    ['dionaea.modules.python.smb.dcerpc.request', { uuid, opnum: 31, connection: smb }],
    ['dionaea.module.emu.profile', { profile, connection: smb }],
    ['dionaea.service.shell.listen', { port: 1957, connection: smb }],
    ['dionaea.connection.tcp.listen', { connection: shell }],
    ['dionaea.connection.link', { parent: smb, child: shell }],
    ['dionaea.connection.tcp.accept', { connection: session }],
    ['dionaea.connection.link', { parent: shell, child: session }],
    ['dionaea.download.offer', { url, connection: session }],
    ['dionaea.connection.link', { parent: session, child: ftp }],
    ['dionaea.connection.tcp.connect', { connection: ftp }],
    [
      'dionaea.download.complete.hash',
      { url, md5hash: hex(n % 5000, 9).slice(0, 32), file: '/samples/x', connection: session },
    ],
    ['dionaea.connection.free', { connection: ftp }],
    ['dionaea.connection.free', { connection: session }],
    ['dionaea.connection.free', { connection: smb }],
  ];
}

function incidentsOf(batch: number) {
  return Array.from({ length: Math.min(BATCH, INCIDENTS - batch * BATCH) }, (_, index) => {
    const ordinal = batch * BATCH + index + 1;
    const [origin, data] = attack(Math.floor((ordinal - 1) / 17))[(ordinal - 1) % 17] ?? ['', {}];
    const parts = { id: `${STREAM}:${ordinal * 500}`, origin, timestamp: 1.6e12 + ordinal * 37.5 };
    // As a source does it: from a line.
    return createIncident(JSON.parse(JSON.stringify({ ...parts, sensor: `sensor-${batch % 20}`, data })));
  });
}

/** Every table that a round fills, in an order that foreign keys allow. */
const filled = [
  'sensors',
  'connections',
  'dcerpcbinds',
  'dcerpcrequests',
  'emu_profiles',
  'emu_services',
  'offers',
  'downloads',
  'p0fs',
  'ihandler_connections',
  'ihandler_ids',
];

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function prepare(url: string, schema: string, context: HandlerContext) {
  const handler = logPostgres({ url, schema });
  await handler.start?.(context);
  return handler;
}

async function ours(url: string, schema: string, context: HandlerContext): Promise<number> {
  const handler = await prepare(url, schema, context);
  let took = 0;
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const incidents = incidentsOf(batch);
    const start = performance.now();
    await handler.write(incidents, {}, context);
    took += performance.now() - start;
  }
  await handler.close?.();
  return took;
}

/** The rows of a table as COPY writes them, in as many parts as there were batches. */
async function linesOf(client: pg.Client, schema: string, table: string): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  const order = table === 'ihandler_ids' ? 'stream, ordinal' : '1';
  const copy = client.query(copyTo(`COPY (SELECT * FROM ${schema}.${table} ORDER BY ${order}) TO STDOUT`));
  for await (const part of copy) parts.push(part as Buffer);
  const lines = Buffer.concat(parts).toString('utf8').split('\n').slice(0, -1);
  const cut = (n: number) => Math.floor((lines.length * n) / BATCHES);
  return Array.from({ length: BATCHES }, (_, n) =>
    Buffer.from(
      lines
        .slice(cut(n), cut(n + 1))
        .map((line) => `${line}\n`)
        .join(''),
    ),
  );
}

async function limit(
  url: string,
  schema: string,
  model: string,
  context: HandlerContext,
): Promise<[took: number, rows: number]> {
  await (await prepare(url, schema, context)).close?.();
  const client = await connect(url);
  const tables = await Promise.all([]).then(async () => {
    const all: { table: string; parts: Buffer[] }[] = [];
    for (const table of filled) all.push({ table, parts: await linesOf(client, model, table) });
    return all;
  });
  let rows = 0;
  let took = 0;
  // Sensors are few, and everything else refers to them.
  await pipeline(
    [Buffer.concat(tables[0]?.parts ?? [])],
    client.query(copyFrom(`COPY ${schema}.sensors FROM STDIN`)),
  );
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const start = performance.now();
    await client.query('BEGIN');
    for (const { table, parts } of tables.slice(1)) {
      const copy = client.query(copyFrom(`COPY ${schema}.${table} FROM STDIN`));
      await pipeline([parts[batch] ?? Buffer.alloc(0)], copy);
      rows += copy.rowCount;
    }
    await client.query('COMMIT');
    took += performance.now() - start;
  }
  await client.end();
  return [took, rows];
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

const server = await startPostgres({
  fsync: true,
  settings: { shared_buffers: '256MB', max_wal_size: '2GB' },
});
// The handler needs no more of its host.
const context = {
  signal: new AbortController().signal,
  durable: true,
  log: silentLog,
  now: Date.now,
} as HandlerContext;
const rounds: { ours: number; limit: number; rows: number }[] = [];
try {
  for (let round = 0; round < ROUNDS; round += 1) {
    const model = `ours_${round}`;
    const took = await ours(server.url, model, context);
    const [least, rows] = await limit(server.url, `limit_${round}`, model, context);
    rounds.push({ ours: took, limit: least, rows });
    const client = await connect(server.url);
    await client.query(`DROP SCHEMA ours_${round} CASCADE; DROP SCHEMA limit_${round} CASCADE; CHECKPOINT`);
    await client.end();
  }
} finally {
  await server.stop();
}

function line(name: string, time: (round: (typeof rounds)[number]) => number): void {
  const each = median(rounds.map((round) => time(round) / round.rows));
  const ratio = median(rounds.map((round) => round.limit / time(round)));
  const incidents = median(rounds.map((round) => (INCIDENTS / time(round)) * 1000));
  const figures = [Math.round(1000 / each), Math.round(incidents)].map((figure) =>
    figure.toLocaleString('en'),
  );
  console.log(`| ${name} | ${figures.join(' | ')} | ${ratio.toFixed(2)} |`);
}
console.log(
  `| ${INCIDENTS.toLocaleString('en')} incidents of 20 sensors (17 an attack) | rows/s | incidents/s | of the limit |`,
);
console.log('| --- | ---: | ---: | ---: |');
line('limit: COPY of the same rows, ids included', ({ limit }) => limit);
line('log-postgres, `write`', ({ ours }) => ours);
