import { failureKind } from '@ihandler/core';
import { stream } from '@ihandler/test-support/attacks';
import { describeService, type Postgres, startPostgres } from '@ihandler/test-support/servers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loginFrom } from '../database/login.ts';
import { createSession } from '../database/session.ts';
import { openAttackReader } from '../index.ts';
import { query } from '../testing/query.ts';
import { freshSchema, startHandler } from '../testing/start-handler.ts';
import { prepareSchema } from './migrate.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';

/** The version of today's tables. */
const today = MIGRATIONS.length;

/** A migration of a later version: it creates a table with a row from the stored data. */
const second: Migration = {
  version: today + 1,
  run: (client) =>
    client.query(`CREATE TABLE later (offers bigint);
      INSERT INTO later SELECT count(*) FROM offers;
      ALTER TABLE offers ADD COLUMN offer_seen integer NOT NULL DEFAULT 1`),
};
const third: Migration = {
  version: today + 2,
  run: (client) => client.query('UPDATE later SET offers = offers + 100'),
};

describeService('postgres', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  /** Prepares a schema as a hub does whose package has these migrations. */
  async function prepare(schema: string, migrations: readonly Migration[]): Promise<void> {
    const login = loginFrom({ url: server.url });
    const session = createSession(login, { byIndex: true });
    try {
      await session.run((client) => prepareSchema(client, login, schema, migrations));
    } finally {
      await session.close();
    }
  }

  const versions = async (schema: string) =>
    (
      await query<{ version: number }>(
        server.url,
        `SELECT version FROM ${schema}.ihandler_versions ORDER BY version`,
      )
    ).map(({ version }) => version);
  const later = (schema: string) => query(server.url, `SELECT offers::int FROM ${schema}.later`);

  /** A schema of today's version with two offers in it. */
  async function old(): Promise<string> {
    const schema = freshSchema();
    const { write, close } = await startHandler({ url: server.url, schema });
    const { accept, offer } = stream();
    await write([accept('a'), offer('a', 'http://1/'), offer('a', 'http://2/')]);
    await close?.();
    return schema;
  }

  it('migrations have consecutive versions from 1', () => {
    expect(MIGRATIONS.map(({ version }) => version)).toEqual(MIGRATIONS.map((_, at) => at + 1));
  });

  it('hubs that start at the same moment migrate older tables once, to the form of new ones', async () => {
    const all = [...MIGRATIONS, second, third];
    const [schema, fresh] = [await old(), freshSchema()];
    await Promise.all(Array.from({ length: 4 }, () => prepare(schema, all)));
    expect(await later(schema)).toEqual([{ offers: 102 }]);
    expect(await versions(schema)).toEqual(all.map(({ version }) => version));
    expect(await query(server.url, `SELECT offer_url, offer_seen FROM ${schema}.offers ORDER BY 1`)).toEqual([
      { offer_url: 'http://1/', offer_seen: 1 },
      { offer_url: 'http://2/', offer_seen: 1 },
    ]);

    await Promise.all(Array.from({ length: 4 }, () => prepare(fresh, all)));
    const columns = (of: string) =>
      query(
        server.url,
        `SELECT table_name, column_name, data_type, column_default IS NULL AS plain FROM information_schema.columns
          WHERE table_schema = '${of}' ORDER BY 1, 2`,
      );
    expect(await columns(fresh)).toEqual(await columns(schema));
    expect(await versions(fresh)).toEqual(await versions(schema));
  });

  it('a migration that fails, or during which the server is killed, changes nothing, and the next start repeats it', async () => {
    const schema = await old();
    const broken: Migration = {
      version: today + 1,
      async run(client) {
        await second.run(client);
        await client.query('SELECT 1 / 0');
      },
    };
    await expect(prepare(schema, [...MIGRATIONS, broken])).rejects.toThrow('division by zero');
    // All or nothing: the steps before the failed one are rolled back, too.
    await expect(
      prepare(schema, [...MIGRATIONS, second, { ...broken, version: today + 2 }]),
    ).rejects.toThrow();
    const killed: Migration = {
      version: today + 1,
      async run(client) {
        await second.run(client);
        await client.query('SELECT pg_sleep(60)');
      },
    };
    const failing = prepare(schema, [...MIGRATIONS, killed]).catch((error: unknown) => error);
    await vi.waitFor(
      async () => {
        const [found] = await query(
          server.url,
          `SELECT 1 AS sleeps FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'`,
        );
        expect(found).toEqual({ sleeps: 1 });
      },
      { timeout: 20_000 },
    );
    await server.kill();
    expect(await failing).toBeInstanceOf(Error);
    await server.start();
    expect(await versions(schema)).toEqual(MIGRATIONS.map(({ version }) => version));
    expect(await query(server.url, `SELECT to_regclass('${schema}.later') AS later`)).toEqual([
      { later: null },
    ]);

    await prepare(schema, [...MIGRATIONS, second]);
    expect(await versions(schema)).toEqual([...MIGRATIONS, second].map(({ version }) => version));
    expect(await later(schema)).toEqual([{ offers: 2 }]);
  });

  it('an older hub stops writing with advice once another hub has migrated the tables', async () => {
    const schema = freshSchema();
    const url = `${server.url}?schema=${schema}`;
    const { write, forget } = await startHandler({ url });
    const { accept, offer } = stream();
    await write([accept('a'), offer('a', 'http://1/')]);
    await prepare(schema, [...MIGRATIONS, second]);
    const refused = new RegExp(
      `has version ${today + 1}, this @ihandler/log-postgres knows version ${today}: install a newer one`,
    );
    const failure = await write([offer('a', 'http://2/')]).catch((error: unknown) => error);
    expect(failureKind(failure)).toBe('temporary');
    expect(String(failure)).toMatch(refused);
    await expect(forget?.(() => true)).rejects.toThrow(refused);
    expect(await query(server.url, `SELECT offer_url FROM ${schema}.offers`)).toEqual([
      { offer_url: 'http://1/' },
    ]);
    const reader = openAttackReader(url);
    await expect(reader.summary()).rejects.toMatchObject({
      code: 'TARGET_UNREADABLE',
      message: expect.stringMatching(refused),
    });
    await expect(
      (async () => {
        for await (const attack of reader.attacks()) expect(attack).toBeUndefined();
      })(),
    ).rejects.toThrow(refused);
  });

  it('a migration waits for writers, so that tables change only between batches', async () => {
    const schema = await old();
    const hub = await startHandler({ url: server.url, schema });
    const { accept, offer } = stream('busy');
    const written: string[] = [];
    const writing = (async () => {
      for (let n = 0; ; n += 1) {
        const batch = [accept(`c${n}`), offer(`c${n}`, `http://${n}/`)];
        await hub.write(batch);
        written.push(`http://${n}/`);
      }
    })().catch((error: unknown) => error);
    await vi.waitFor(() => expect(written.length).toBeGreaterThan(2));
    await prepare(schema, [...MIGRATIONS, second]);
    expect(String(await writing)).toContain('install a newer one');
    // The migration counted all stored offers, and none came after it.
    expect(await later(schema)).toEqual([{ offers: written.length + 2 }]);
    expect(await query(server.url, `SELECT count(*)::int AS offers FROM ${schema}.offers`)).toEqual([
      { offers: written.length + 2 },
    ]);
  });
});
