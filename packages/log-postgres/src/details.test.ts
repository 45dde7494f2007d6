import { OWN_TABLES, TIMED_TABLES } from '@ihandler/attack-log';
import { DAY } from '@ihandler/core/kit';
import { createOrigins } from '@ihandler/core/origins';
import { acmeDeclarations, acmeHash, acmeSession } from '@ihandler/test-support/acme';
import { stream } from '@ihandler/test-support/attacks';
import { describeService, type Postgres, startPostgres } from '@ihandler/test-support/servers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loginFrom } from './database/login.ts';
import { createSession } from './database/session.ts';
import { openAttackReader } from './index.ts';
import { DETAILS_VERSION, TIME_COLUMN } from './schema/detail-tables.ts';
import { prepareSchema } from './schema/migrate.ts';
import { MIGRATIONS } from './schema/migrations.ts';
import { query } from './testing/query.ts';
import { freshSchema, startHandler } from './testing/start-handler.ts';

const BAD = '203.0.113.99';
const origins = createOrigins([{ origins: acmeDeclarations }]);
const own = Object.keys(OWN_TABLES);
const every = (n: number) =>
  Object.fromEntries(own.map((table) => [table, n * (/outcomes|commands/.test(table) ? 2 : 1)]));

describeService('postgres', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  async function counts(schema: string) {
    const text = own.map((table) => `(SELECT count(*)::int FROM ${schema}.${table}) AS ${table}`).join(', ');
    return (await query(server.url, `SELECT ${text}`))[0];
  }

  async function attacksIn(schema: string) {
    const reader = openAttackReader(`${server.url}?schema=${schema}`);
    const attacks = [];
    for await (const attack of reader.attacks()) attacks.push(attack);
    return { attacks, summary: await reader.summary() };
  }

  it('log-postgres forgets an attacker in all tables of details, and in the texts of others', async () => {
    const schema = freshSchema();
    const handler = await startHandler({ url: server.url, schema }, { origins });
    const bad = acmeSession('bad', { host: BAD, text: 'secret-text', hash: 'cd'.repeat(32) });
    await handler.write([...bad.incidents, ...acmeSession('other', { text: BAD }).incidents]);
    expect(await counts(schema)).toEqual(every(2));
    await handler.forget?.((host) => host === BAD);
    expect(await counts(schema)).toEqual(every(1));
    const json = JSON.stringify(await attacksIn(schema));
    for (const trace of [BAD, 'secret-text', 'cdcdcdcd']) expect(json).not.toContain(trace);
    expect(json).toContain('wget http://forgotten/a');
    const texts = await Promise.all(
      own.map((table) => query(server.url, `SELECT * FROM ${schema}.${table}`)),
    );
    for (const trace of [BAD, 'secret-text', 'cdcdcdcd']) expect(JSON.stringify(texts)).not.toContain(trace);
  });

  it('log-postgres removes old attacks with their details, and the verdicts on their files', async () => {
    const schema = freshSchema();
    const first = await startHandler({ url: server.url, schema }, { origins });
    const old = acmeSession('old', { started: Date.now() - 10 * DAY, hash: 'ef'.repeat(32) });
    await first.write([
      ...old.incidents,
      ...acmeSession('young', { started: Date.now() - DAY / 2 }).incidents,
    ]);
    await first.close?.();
    await startHandler({ url: server.url, schema, keep: '2d' }, { origins });
    await vi.waitFor(async () => expect(await counts(schema)).toEqual(every(1)), { timeout: 10_000 });
    expect(await query(server.url, `SELECT sha256 FROM ${schema}.ihandler_verdicts`)).toEqual([
      { sha256: acmeHash },
    ]);
  });

  it('log-postgres keeps values of details that do not fit their column', async () => {
    const schema = freshSchema();
    const { write } = await startHandler({ url: server.url, schema }, { origins });
    const { incidents } = acmeSession('odd', { text: 'nul\0 and \ud800' });
    await write(
      incidents.map((each) => ({
        ...each,
        data: {
          ...each.data,
          ...('code' in each.data && { code: 1e12 }),
          ...('bytes' in each.data && { bytes: 0.5 }),
        },
      })),
    );
    const { attacks } = await attacksIn(schema);
    expect(attacks[0]?.details.ihandler_requests).toMatchObject([
      { status: 1e12, agent: 'nul\0 and \ud800' },
    ]);
    expect(attacks[0]?.details.ihandler_downloads).toMatchObject([{ size: 0.5 }]);
  });

  it('log-postgres migrates tables without details, and reads them before', async () => {
    const schema = freshSchema();
    const login = loginFrom({ url: server.url });
    const session = createSession(login, { byIndex: true });
    const before = MIGRATIONS.filter(({ version }) => version < DETAILS_VERSION);
    await session.run((client) => prepareSchema(client, login, schema, before));
    await query(
      server.url,
      `INSERT INTO ${schema}.sensors (sensor_name) VALUES ('old');
        INSERT INTO ${schema}.connections (connection_root, sensor) VALUES (1, 1);
        INSERT INTO ${schema}.offers (connection, offer_url) VALUES (1, 'http://old/')`,
    );
    await session.close();
    const { attacks, summary } = await attacksIn(schema);
    expect(attacks[0]?.details.offers).toEqual([{ offer: 1, connection: 1, offer_url: 'http://old/' }]);
    expect(summary).toMatchObject({ offers: 1, commands: 0 });
    const { write } = await startHandler({ url: server.url, schema }, { origins });
    await write(acmeSession('new').incidents);
    expect(await counts(schema)).toEqual(every(1));
    expect((await attacksIn(schema)).attacks).toHaveLength(2);
    const unknown = await query(
      server.url,
      `SELECT offer FROM ${schema}.offers WHERE ${TIME_COLUMN} IS NULL`,
    );
    expect(unknown).toEqual([{ offer: '1' }]);
  });

  it('log-postgres has the time of every detail, wherever the row is', async () => {
    const schema = freshSchema();
    const { write } = await startHandler({ url: server.url, schema }, { origins });
    const { accept, login } = stream();
    await write([...acmeSession('a').incidents, accept('b'), login('b', 'x', 'y')]);
    for (const table of [...TIMED_TABLES, ...own]) {
      const [row] = await query<{ rows: number; times: number }>(
        server.url,
        `SELECT (SELECT count(*) FROM ${schema}.${table})::int AS rows,
          (SELECT count(*) FROM ${schema}.ihandler_row_times WHERE table_name = '${table}')::int AS times`,
      );
      expect(row?.times).toBe(row?.rows);
    }
  });
});
