import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDispatcher, createMemoryJournal, type Source, type Value } from '@ihandler/core';
import dionaea from '@ihandler/dionaea';
import dionaeaDatabase from '@ihandler/dionaea/database';
import journalSqlite from '@ihandler/journal-sqlite';
import logPostgres, { openAttackReader as openPostgres } from '@ihandler/log-postgres';
import { canonicalForest } from '@ihandler/log-postgres/testing';
import logSqlite, { openAttackReader as openSqlite } from '@ihandler/log-sqlite';
import { exampleOrigins } from '@ihandler/testkit';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeService } from '../support/servers/available.ts';
import { type Postgres, startPostgres } from '../support/servers/postgres.ts';

/** The tables of dionaea's log_sqlite for connections, offers and logins. */
const schema = `
  CREATE TABLE connections (connection INTEGER PRIMARY KEY, connection_type TEXT, connection_transport TEXT,
    connection_protocol TEXT, connection_timestamp INTEGER, connection_root INTEGER, connection_parent INTEGER,
    local_host TEXT, local_port INTEGER, remote_host TEXT, remote_hostname TEXT, remote_port INTEGER);
  CREATE TABLE offers (offer INTEGER PRIMARY KEY, connection INTEGER, offer_url TEXT);
  CREATE TABLE logins (login INTEGER PRIMARY KEY, connection INTEGER, login_username TEXT, login_password TEXT);`;

/** A database of dionaea, which grows. */
class Written {
  static count = 0;
  readonly number = ++Written.count;
  readonly db: Database.Database;
  path: string;
  connections = 0;

  constructor(path: string) {
    this.path = path;
    this.db = new Database(path);
    this.db.exec(`PRAGMA synchronous = off; ${schema}`);
    this.connect();
  }

  connect(): void {
    this.connections += 1;
    // A scanner reaches all sensors at the same time.
    const time = 1_700_000_000 + this.connections;
    this.db
      .prepare(
        `INSERT INTO connections VALUES (NULL, 'accept', 'tcp', 'smbd', ?, NULL, NULL, '192.0.2.1', 445, '198.51.100.7', '', ?)`,
      )
      .run(time, this.number * 100 + this.connections);
  }

  offer(at: number): void {
    const connection = (at % this.connections) + 1;
    const url = `http://192.0.2.9/${this.number}/${connection}`;
    this.db.prepare('INSERT INTO offers VALUES (NULL, ?, ?)').run(connection, url);
  }

  login(at: number): void {
    const connection = (at % this.connections) + 1;
    this.db
      .prepare('INSERT INTO logins VALUES (NULL, ?, ?, ?)')
      .run(connection, `${this.number}`, `${connection}`);
  }

  /** dionaea assigns the parent of a connection some time after it adds the row, and never another one. */
  link(at: number, to: number): void {
    const child = (at % this.connections) + 1;
    if (child === 1) return;
    const parent = (to % (child - 1)) + 1;
    this.db
      .prepare(
        'UPDATE connections SET connection_parent = ? WHERE connection = ? AND connection_parent IS NULL',
      )
      .run(parent, child);
  }

  rename(path: string): void {
    this.db.close();
    renameSync(this.path, path);
    this.path = path;
  }
}

interface Node {
  readonly row: unknown;
  readonly offers: unknown;
  readonly logins: unknown;
  readonly children: readonly Node[];
}

/** The attacks in a database with dionaea's tables, computed from its rows alone, in an order of their own. */
function forestOf(path: string): string[] {
  const db = new Database(path, { readonly: true });
  try {
    const all = (sql: string) => db.prepare<unknown[], unknown[]>(sql).raw();
    const rows = all(
      `SELECT connection, connection_parent, connection_timestamp, remote_host, remote_port FROM connections`,
    ).all();
    const offers = all('SELECT offer_url FROM offers WHERE connection = ? ORDER BY 1');
    const logins = all(
      'SELECT login_username, login_password FROM logins WHERE connection = ? ORDER BY 1, 2',
    );
    const childrenOf = (parent: unknown): Node[] =>
      rows
        .filter(([, above]) => above === parent)
        .map(([key, , ...row]) => ({
          row,
          offers: offers.all(key),
          logins: logins.all(key),
          children: childrenOf(key),
        }))
        .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    return childrenOf(null).map((node) => JSON.stringify(node));
  } finally {
    db.close();
  }
}

const action = fc.oneof(
  fc.record({
    what: fc.constantFrom('connect', 'connect', 'offer', 'login', 'link', 'link'),
    slot: fc.nat(1),
    at: fc.nat(50),
    to: fc.nat(50),
  }),
  fc.record({
    what: fc.constantFrom('rotate', 'live', 'import', 'import'),
    slot: fc.nat(1),
    at: fc.nat(50),
    to: fc.nat(50),
  }),
  fc.record({ what: fc.constant('forget state'), slot: fc.nat(1), at: fc.nat(50), to: fc.nat(50) }),
);

/** Another order, of some of the items. */
function some<T>(items: readonly T[], seed: number): T[] {
  const order = items.map((item, index) => [(index * 7919 + seed * 104_729) % 101, item] as const);
  return order
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)
    .slice(0, 1 + (seed % items.length));
}

describeService('postgres', () => {
  let server: Postgres;
  let schemas = 0;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it('several databases of one sensor that grow and rotate give the forest of each, imported in any order, again, or live', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 50 }), async (actions) => {
        const folder = mkdtempSync(join(tmpdir(), 'ihandler-databases-'));
        schemas += 1;
        const url = `${server.url}?schema=several_${schemas}`;
        const file = join(folder, 'attacks.sqlite');
        let states = new Map<string, Value>();
        const slots = ['one', 'two'].map((name) => new Written(join(folder, `${name}.sqlite`)));
        const all = [...slots];

        async function run(sources: readonly Source[], live: boolean): Promise<void> {
          const journal = live
            ? journalSqlite({ file: join(folder, 'journal.sqlite'), minFree: '0MB' })
            : createMemoryJournal({ states });
          await using dispatcher = createDispatcher({
            origins: [exampleOrigins],
            journal,
            handlers: [{ handler: logSqlite({ file }) }, { handler: logPostgres({ url }) }],
            sensor: 'pot',
            dataDir: folder,
          });
          await dispatcher.start();
          const stopped = new AbortController();
          const running = sources.map((source, at) =>
            live
              ? dispatcher.run(source, { signal: stopped.signal, instance: `live-${at}` })
              : dispatcher.run(source),
          );
          if (live) {
            await new Promise((resolve) => setTimeout(resolve, 40));
            stopped.abort();
          }
          await Promise.all(running);
          expect(await dispatcher.drain()).toEqual([]);
        }
        const importAll = async (databases: readonly Written[]) => {
          for (const { path } of databases) await run([dionaea({ file: path })], false);
        };

        try {
          mkdirSync(join(folder, 'old'));
          for (const { what, slot, at, to } of actions) {
            const written = slots[slot];
            if (written === undefined) continue;
            if (what === 'connect') written.connect();
            else if (what === 'offer') written.offer(at);
            else if (what === 'login') written.login(at);
            else if (what === 'link') written.link(at, to);
            else if (what === 'import') await importAll(some(all, at));
            else if (what === 'forget state') states = new Map();
            else if (what === 'live')
              await run(
                slots.map(({ path }) => dionaeaDatabase({ file: path, poll: '5ms' })),
                true,
              );
            else {
              const place = written.path;
              written.rename(join(folder, 'old', `${written.number}.sqlite`));
              slots[slot] = new Written(place);
              all.push(slots[slot]);
            }
          }
          await importAll(some(all, 7 + all.length * 100 - 1));
          await importAll(all);
          const expected = all.flatMap(({ path }) => forestOf(path)).sort();
          expect(forestOf(file).sort()).toEqual(expected);
          await importAll([...all].reverse());
          expect(forestOf(file).sort()).toEqual(expected);
          const forest = await canonicalForest(await openSqlite(file));
          expect(await canonicalForest(openPostgres(url))).toEqual(forest);
        } finally {
          for (const { db } of all) db.close();
          rmSync(folder, { recursive: true, force: true });
        }
      }),
      { numRuns: Number(process.env['DATABASES_RUNS'] ?? 12), endOnFailure: true },
    );
  }, 300_000);
});
