// Measures how fast log-sqlite writes attacks. The limit inserts the same rows, with final roots and parents, into the same
// tables with the same indexes of dionaea, 1,000 incidents per transaction, on the same disk, with better-sqlite3 alone. It fills
// only dionaea's tables and does not look anything up.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TABLES } from '@ihandler/attack-log';
import { createIncident, type HandlerContext, silentLog } from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';
import logSqlite from '@ihandler/log-sqlite';
import { exampleOrigins } from '@ihandler/testkit';
import Database from 'better-sqlite3';
import { recordOf, STREAM } from './support/attack-rows.ts';
import { median } from './support/median.ts';

const INCIDENTS = 340_000;
const BATCH = 1000;
const BATCHES = Math.ceil(INCIDENTS / BATCH);
const ROUNDS = 5;
const folder = mkdtempSync(join(tmpdir(), 'ihandler-bench-'));

/** The lines of a batch. They are created on demand, so that the measured code does not run with a large heap. */
function linesOf(batch: number): string[] {
  const lines: string[] = [];
  for (let ordinal = batch * BATCH + 1; ordinal <= Math.min((batch + 1) * BATCH, INCIDENTS); ordinal += 1)
    lines.push(JSON.stringify(recordOf(ordinal, 'bench')));
  return lines;
}

interface Times {
  parse: number;
  write: number;
  limit: number;
}

async function ours(file: string): Promise<Pick<Times, 'parse' | 'write'>> {
  const handler = logSqlite({ file });
  // The handler uses only these members of its context.
  const context = {
    signal: new AbortController().signal,
    durable: true,
    log: silentLog,
    origins: createOrigins([exampleOrigins]),
    now: Date.now,
  } as unknown as HandlerContext;
  await handler.start?.(context);
  const times = { parse: 0, write: 0 };
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const lines = linesOf(batch);
    const start = performance.now();
    const incidents = lines.map((line) => createIncident(JSON.parse(line)));
    const parsed = performance.now();
    handler.write(incidents, { [STREAM]: (batch + 1) * BATCH * 500 }, context);
    times.parse += parsed - start;
    times.write += performance.now() - parsed;
  }
  const start = performance.now();
  await handler.close?.();
  times.write += performance.now() - start;
  return times;
}

function limit(file: string, model: string): number {
  const source = new Database(model, { readonly: true });
  const database = new Database(file);
  for (const pragma of [
    'auto_vacuum = INCREMENTAL',
    'journal_mode = wal',
    'synchronous = NORMAL',
    'cache_size = -32000',
    'wal_autocheckpoint = 4000',
  ])
    database.pragma(pragma);
  const schema = source
    .prepare(
      "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'ihandler%' ORDER BY type = 'table' DESC",
    )
    .pluck()
    .all();
  for (const sql of schema) database.exec(String(sql));
  const work = Object.entries(TABLES).map(([table, [key, ...more]]) => ({
    insert: database.prepare(`INSERT INTO ${table} VALUES (?${', ?'.repeat(more.length)})`),
    rows: source
      .prepare<[number, number], unknown[]>(`SELECT * FROM ${table} WHERE ${key} > ? AND ${key} <= ?`)
      .raw(),
    count: Number(source.prepare(`SELECT count(*) FROM ${table}`).pluck().get()),
  }));
  const write = database.transaction((batch: readonly (readonly unknown[][])[]) => {
    for (const [at, { insert }] of work.entries()) for (const row of batch[at] ?? []) insert.run(...row);
  });
  let took = 0;
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const part = (count: number, n: number) => Math.floor((count * n) / BATCHES);
    const rows = work.map(({ rows, count }) => rows.all(part(count, batch), part(count, batch + 1)));
    const start = performance.now();
    write.immediate(rows);
    took += performance.now() - start;
  }
  const start = performance.now();
  database.close();
  source.close();
  return took + performance.now() - start;
}

const rounds: Times[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const [one, other] = [join(folder, `ours-${round}`), join(folder, `limit-${round}`)];
  const times = await ours(one);
  rounds.push({ ...times, limit: limit(other, one) });
  rmSync(one);
  rmSync(other);
}
rmSync(folder, { recursive: true });

function line(name: string, time: (times: Times) => number): void {
  const each = median(rounds.map(time)) / INCIDENTS;
  const ratio = median(rounds.map((times) => times.limit / time(times)));
  console.log(
    `| ${name} | ${Math.round(1000 / each).toLocaleString('en')} | ${(each * 1000).toFixed(2)} | ${ratio.toFixed(2)} |`,
  );
}
console.log(
  `| ${INCIDENTS.toLocaleString('en')} incidents (17 per attack, 4 connections) | incidents/s | µs each | of the limit |`,
);
console.log('| --- | ---: | ---: | ---: |');
line('limit: the same rows by hand', ({ limit }) => limit);
line('log-sqlite, `write`', ({ write }) => write);
line('JSON.parse, createIncident and `write` in one thread', ({ parse, write }) => parse + write);
