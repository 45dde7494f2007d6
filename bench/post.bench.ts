import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDispatcher,
  createIncident,
  defineHandler,
  encodeIncident,
  type Log,
  silentLog,
} from '@ihandler/core';
import http from '@ihandler/http';
import journalSqlite from '@ihandler/journal-sqlite';
import { exampleOrigins } from '@ihandler/testkit';
import { median } from './support/median.ts';

const ROUNDS = 5;
const POSTS = 1000;
const connection = {
  id: 'c',
  protocol: 'smbd',
  transport: 'tcp',
  local: { host: '192.0.2.1', port: 445 },
  remote: { host: '198.51.100.7', port: 40000, hostname: '' },
};
let posted = 0;

function nextLine(): string {
  posted += 1;
  return encodeIncident(
    createIncident({
      id: `5a1c0f6e2b9d4837:${posted}`,
      origin: 'dionaea.connection.tcp.accept',
      timestamp: posted,
      sensor: 's',
      data: { connection },
    }),
  );
}

/** Posts as dionaea does: opens a connection, sends a short body and waits for the response. */
function post(port: number, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const sent = request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/incidents',
      headers,
      agent: false,
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 204) resolve(performance.now() - began);
        else reject(new Error(`expected 204, found ${response.statusCode}`));
      });
    });
    sent.end(body);
  });
}

interface Figures {
  readonly p50: number;
  readonly p99: number;
}

async function measure(port: number): Promise<Figures> {
  for (let n = 0; n < 100; n += 1) await post(port, nextLine());
  const times: number[] = [];
  for (let n = 0; n < POSTS; n += 1) times.push(await post(port, nextLine()));
  times.sort((a, b) => a - b);
  return { p50: times[POSTS * 0.5] ?? 0, p99: times[POSTS * 0.99] ?? 0 };
}

/** The lower bound: a server that answers 204 to every request. */
async function bare(): Promise<Figures> {
  const server = createServer((incoming, response) => {
    incoming.resume();
    incoming.on('end', () => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Safe: it listens on a port.
  const figures = await measure((server.address() as AddressInfo).port);
  await new Promise((resolve) => server.close(resolve));
  return figures;
}

/** The source with a durable journal and ten handlers, which return at once or never. */
async function ours(folder: string, hung: boolean): Promise<Figures> {
  let listening: (port: number) => void = () => undefined;
  const port = new Promise<number>((resolve) => {
    listening = resolve;
  });
  const log: Log = { ...silentLog, info: (_message, details) => listening(Number(details?.['port'])) };
  const handlers = Array.from({ length: 10 }, (_, i) =>
    defineHandler({
      name: `handler-${i}`,
      on: { 'dionaea.*': () => (hung ? new Promise<void>(() => undefined) : undefined) },
    }),
  );
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: journalSqlite({ file: join(folder, `${posted}.journal`) }),
    handlers: handlers.map((handler) => ({ handler })),
    sensor: 's',
    dataDir: join(folder, `${posted}`),
    log: () => log,
  });
  await dispatcher.start();
  const over = new AbortController();
  const running = dispatcher.run(http({ port: 0 }), { signal: over.signal });
  const figures = await measure(await port);
  over.abort();
  await running;
  await dispatcher.close({ within: 10 });
  return figures;
}

const folder = mkdtempSync(join(tmpdir(), 'ihandler-bench-'));
const rounds: { readonly bare: Figures; readonly idle: Figures; readonly hung: Figures }[] = [];
for (let round = 0; round < ROUNDS; round += 1)
  rounds.push({ bare: await bare(), idle: await ours(folder, false), hung: await ours(folder, true) });
rmSync(folder, { recursive: true, force: true });

console.log(`sequential posts as dionaea sends them, ${POSTS} per round, durable journal, ten handlers (ms)`);
for (const kind of ['bare', 'idle', 'hung'] as const) {
  const name = { bare: 'bare node:http', idle: 'handlers idle', hung: 'all handlers hung' }[kind];
  const p50 = median(rounds.map((round) => round[kind].p50));
  const p99 = median(rounds.map((round) => round[kind].p99));
  console.log(`  ${name.padEnd(18)} p50 ${p50.toFixed(2)}  p99 ${p99.toFixed(2)}`);
}
const ratio = median(rounds.map(({ hung, idle }) => hung.p99 / idle.p99));
console.log(`  median ratio of p99, hung to idle: ${ratio.toFixed(2)} (goal: at most 2)`);
