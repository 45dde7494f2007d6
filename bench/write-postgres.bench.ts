// Measures how fast log-postgres writes attacks. The limit copies the same rows (COPY), keys and ids included, into the same
// tables with the same indexes and constraints, 1,000 incidents per transaction, on the same server, which makes every commit
// durable (fsync on). The limit does not look anything up, and its text is created before the measurement.
import { pipeline } from 'node:stream/promises';
import { createIncident, type HandlerContext, silentLog } from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';
import logPostgres from '@ihandler/log-postgres';
import { exampleOrigins } from '@ihandler/testkit';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { startPostgres } from '../test/support/servers/postgres.ts';
import { recordOf } from './support/attack-rows.ts';
import { median } from './support/median.ts';

const INCIDENTS = 34_000;
const BATCH = 1000;
const BATCHES = Math.ceil(INCIDENTS / BATCH);
const ROUNDS = 5;

function incidentsOf(batch: number) {
  return Array.from({ length: Math.min(BATCH, INCIDENTS - batch * BATCH) }, (_, index) => {
    const record = recordOf(batch * BATCH + index + 1, `sensor-${batch % 20}`);
    // Parsed from a line, as in a source.
    return createIncident(JSON.parse(JSON.stringify(record)));
  });
}

/** Every table that a round fills, in an order that the foreign keys allow. */
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

/** The rows of a table as COPY writes them, one part for each batch. */
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
  // There are few sensors, and all other tables refer to them.
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

const server = await startPostgres({
  fsync: true,
  settings: { shared_buffers: '256MB', max_wal_size: '2GB' },
});
// The handler uses only these members of its context.
const context = {
  signal: new AbortController().signal,
  durable: true,
  log: silentLog,
  origins: createOrigins([exampleOrigins]),
  now: Date.now,
} as unknown as HandlerContext;
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
  `| ${INCIDENTS.toLocaleString('en')} incidents of 20 sensors (17 per attack) | rows/s | incidents/s | of the limit |`,
);
console.log('| --- | ---: | ---: | ---: |');
line('limit: COPY of the same rows, ids included', ({ limit }) => limit);
line('log-postgres, `write`', ({ ours }) => ours);
