import { join } from 'node:path';
import { createDispatcher, createMemoryJournal, type Handler, type HandlerEntry } from '@ihandler/core';
import dionaea from '@ihandler/dionaea';
import logPostgres from '@ihandler/log-postgres';
import { query } from '@ihandler/log-postgres/testing';
import logSqlite from '@ihandler/log-sqlite';
import { exampleOrigins } from '@ihandler/testkit';
import Database from 'better-sqlite3';
import type { Fact } from './originals.ts';

/** A store of attacks that imports files, also those of other stores. */
export interface Store {
  /** The file to import it from; undefined for a server. */
  readonly file: string | undefined;
  /** Imports a file as `ihandler import` does. */
  import(file: string, entry?: Omit<HandlerEntry, 'handler'>): Promise<void>;
  /** What it has, sorted. */
  facts(): Promise<readonly Fact[]>;
}

const connections = 'SELECT remote_port AS port FROM connections';
const offers = 'SELECT remote_port AS port, offer_url AS url FROM offers JOIN connections USING (connection)';
const links = `SELECT p.remote_port AS parent, c.remote_port AS child FROM connections AS c
  JOIN connections AS p ON p.connection = c.connection_parent`;

type Rows = readonly Readonly<Record<string, unknown>>[];

function factsIn(rows: { readonly connections: Rows; readonly offers: Rows; readonly links: Rows }): Fact[] {
  return [
    ...rows.connections.map(({ port }): Fact => `connection ${Number(port)}`),
    ...rows.offers.map(({ port, url }): Fact => `offer ${Number(port)} ${String(url)}`),
    ...rows.links.map(({ parent, child }): Fact => `link ${Number(parent)} ${Number(child)}`),
  ].sort();
}

async function importInto(
  file: string,
  handler: Handler,
  dataDir: string,
  entry: Omit<HandlerEntry, 'handler'> = {},
): Promise<void> {
  await using dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: [{ ...entry, handler }],
    sensor: 'berlin',
    dataDir,
  });
  await dispatcher.start();
  await dispatcher.run(dionaea({ file }));
  const left = await dispatcher.drain();
  if (left.length > 0) throw new Error(`not stored: ${JSON.stringify(left)}`);
}

/** A database of log-sqlite. */
export function sqliteStore(folder: string, name: string): Store {
  const file = join(folder, `${name}.sqlite`);
  return {
    file,
    import: (from, entry) => importInto(from, logSqlite({ file }), folder, entry),
    async facts() {
      const db = new Database(file, { readonly: true });
      try {
        const all = (sql: string) => db.prepare<[], Record<string, unknown>>(sql).all();
        return factsIn({ connections: all(connections), offers: all(offers), links: all(links) });
      } finally {
        db.close();
      }
    },
  };
}

/** A schema of a PostgreSQL server. */
export function postgresStore(folder: string, server: string, schema: string): Store {
  const url = `${server}?schema=${schema}`;
  const all = (sql: string) => query(server, sql.replaceAll(/(FROM|JOIN) (\w+)/g, `$1 ${schema}.$2`));
  return {
    file: undefined,
    import: (from, entry) => importInto(from, logPostgres({ url }), folder, entry),
    facts: async () =>
      factsIn({ connections: await all(connections), offers: await all(offers), links: await all(links) }),
  };
}
