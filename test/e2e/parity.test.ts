import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createDispatcher,
  createMemoryJournal,
  type Dispatcher,
  type Handler,
  type Journal,
  silentLog,
} from '@ihandler/core';
import dionaea from '@ihandler/dionaea';
import journalSqlite from '@ihandler/journal-sqlite';
import logPostgres, { openAttackReader as openPostgres } from '@ihandler/log-postgres';
import { canonicalForest, comparableRow, readTables } from '@ihandler/log-postgres/testing';
import logSqlite, { openAttackReader as openSqlite } from '@ihandler/log-sqlite';
import { exampleOrigins } from '@ihandler/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../support/host/until.ts';
import { type Hop, type Network, type Path, paths } from '../support/parity/paths.ts';
import { sqliteTables } from '../support/parity/sqlite-tables.ts';
import { describeService } from '../support/servers/available.ts';
import { type Postgres, startPostgres } from '../support/servers/postgres.ts';

const recordings = [
  'dionaea-a/log_incident.ndjson',
  'dionaea-c/log_incident.ndjson',
  'seed-attack.ndjson',
  'dionaea-a/log_sqlite.sqlite',
];

interface Host {
  readonly dispatcher: Dispatcher;
  /** Resolves when a source of the host has logged this. */
  said(message: string): Promise<void>;
}

/** Starts a host with one handler. It is closed at the end of the test. */
async function host(folder: string, name: string, handler: Handler, journal: Journal): Promise<Host> {
  const logged = new Set<string>();
  const message = (text: string) => void logged.add(text);
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal,
    handlers: [{ handler }],
    sensor: 'golden',
    dataDir: join(folder, name),
    log: () => ({ ...silentLog, info: message }),
  });
  onTestFinished(() => dispatcher.close());
  await dispatcher.start();
  return { dispatcher, said: (text) => until(() => logged.has(text)) };
}

function sourceOf(recording: string) {
  return dionaea({ file: fileURLToPath(new URL(`../recordings/${recording}`, import.meta.url)) });
}

function durable(folder: string, name: string): Journal {
  return journalSqlite({ file: join(folder, `${name}.journal`) });
}

/** The rows of log-sqlite for a recording that is imported on the sensor. */
async function locally(recording: string, folder: string) {
  const file = join(folder, 'attacks.sqlite');
  const { dispatcher } = await host(folder, 'local', logSqlite({ file }), createMemoryJournal());
  const { accepted } = await dispatcher.run(sourceOf(recording));
  expect(await dispatcher.drain()).toEqual([]);
  return { accepted, tables: sqliteTables(file), forest: await canonicalForest(await openSqlite(file)) };
}

/** Sends a recording from a sensor to a hub, which writes it to PostgreSQL. */
async function carry(recording: string, hop: Hop, url: string, folder: string): Promise<void> {
  const hub = await host(folder, 'hub', logPostgres({ url }), durable(folder, 'hub'));
  const end = new AbortController();
  const listening = hub.dispatcher.run(hop.source, { signal: end.signal });
  onTestFinished(async () => {
    end.abort();
    await listening;
  });
  if (hop.listening !== undefined) await hub.said(hop.listening);
  const { dispatcher } = await host(folder, 'pot', hop.handler, durable(folder, 'pot'));
  const { accepted } = await dispatcher.run(sourceOf(recording));
  expect(await dispatcher.drain()).toEqual([]);
  await until(() => (hub.dispatcher.sources()[0]?.accepted ?? 0) >= accepted);
  expect(await hub.dispatcher.drain()).toEqual([]);
  expect(dispatcher.status()).toMatchObject([{ counts: { delivered: accepted, dead: 0 } }]);
  expect(hub.dispatcher.status()).toMatchObject([{ counts: { delivered: accepted, dead: 0 } }]);
  expect(hub.dispatcher.sources()).toMatchObject([{ accepted, rejected: 0 }]);
}

/** The tables of PostgreSQL in a form that can be compared with those of SQLite. */
async function postgresTables(url: string) {
  const tables = Object.entries(await readTables(url));
  return Object.fromEntries(tables.map(([table, rows]) => [table, rows.map(comparableRow)]));
}

function describePath(path: Path, suite: () => void): void {
  if (path.service === undefined) suite();
  else describeService(path.service, suite);
}

describeService('postgres', () => {
  let server: Postgres;
  let schemas = 0;
  const local: Record<string, Awaited<ReturnType<typeof locally>>> = {};
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  /** The rows of log-sqlite, computed once for all paths. */
  async function expected(recording: string, folder: string) {
    local[recording] ??= await locally(recording, folder);
    return local[recording];
  }

  describe.each(paths)('over $name', (path) => {
    describePath(path, () => {
      let network: Network | undefined;
      beforeAll(async () => {
        network = await path.open?.();
      });
      afterAll(() => network?.stop());

      it.each(recordings)(
        '%s gives the same rows and forest as log-sqlite on the sensor',
        async (recording) => {
          const folder = mkdtempSync(join(tmpdir(), 'ihandler-parity-'));
          onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
          schemas += 1;
          const url = `${server.url}?schema=parity_${schemas}`;
          const { tables, forest, accepted } = await expected(recording, folder);
          expect(accepted).toBeGreaterThan(150);
          if (network === undefined) {
            const journal = durable(folder, 'only');
            const { dispatcher } = await host(folder, 'only', logPostgres({ url }), journal);
            await dispatcher.run(sourceOf(recording));
            expect(await dispatcher.drain()).toEqual([]);
          } else await carry(recording, await network.hop(), url, folder);
          expect(await canonicalForest(openPostgres(url))).toEqual(forest);
          expect(await postgresTables(url)).toEqual(tables);
        },
        90_000,
      );
    });
  });
});
