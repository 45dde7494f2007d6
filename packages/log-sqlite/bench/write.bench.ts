// How fast attacks are written, against the limit: better-sqlite3 inserting the same rows, roots and parents final, into
// the same tables with the same indexes of dionaea, 1,000 incidents a transaction, on the same disk. The limit knows
// nothing of incidents, keeps nothing beside dionaea's tables and does no look-ups.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TABLES } from '@ihandler/attack-log';
import { createIncident, type HandlerContext, silentLog } from '@ihandler/core';
import logSqlite from '@ihandler/log-sqlite';
import Database from 'better-sqlite3';

const INCIDENTS = 340_000;
const BATCH = 1000;
const BATCHES = Math.ceil(INCIDENTS / BATCH);
const ROUNDS = 5;
const STREAM = '0123456789abcdef0123456789abcdef';
const folder = mkdtempSync(join(tmpdir(), 'ihandler-bench-'));

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

/** The lines of a batch, made when they are needed: what is timed finds no heap full of incidents. */
function linesOf(batch: number): string[] {
  const lines: string[] = [];
  for (let ordinal = batch * BATCH + 1; ordinal <= Math.min((batch + 1) * BATCH, INCIDENTS); ordinal += 1) {
    const [origin, data] = attack(Math.floor((ordinal - 1) / 17))[(ordinal - 1) % 17] ?? ['', {}];
    const id = `${STREAM}:${ordinal * 500}`;
    lines.push(JSON.stringify({ id, origin, timestamp: 1.6e12 + ordinal * 37.5, sensor: 'bench', data }));
  }
  return lines;
}

interface Times {
  parse: number;
  write: number;
  limit: number;
}

async function ours(file: string): Promise<Pick<Times, 'parse' | 'write'>> {
  const handler = logSqlite({ file });
  // The handler needs no more of its host.
  const context = {
    signal: new AbortController().signal,
    durable: true,
    log: silentLog,
    now: Date.now,
  } as HandlerContext;
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

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

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
  `| ${INCIDENTS.toLocaleString('en')} incidents (17 an attack, 4 connections) | incidents/s | µs each | of the limit |`,
);
console.log('| --- | ---: | ---: | ---: |');
line('limit: the same rows by hand', ({ limit }) => limit);
line('log-sqlite, `write`', ({ write }) => write);
line('JSON.parse, createIncident and `write` in one thread', ({ parse, write }) => parse + write);
