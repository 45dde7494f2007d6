import { failureKind } from '@ihandler/core';
import { stream } from '@ihandler/test-support/attacks';
import { describeService, freePort, type Postgres, startPostgres } from '@ihandler/test-support/servers';
import { handlerContext } from '@ihandler/testkit';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import logPostgres, { type LogPostgresOptions, openAttackReader } from './index.ts';
import { query } from './testing/query.ts';
import { freshSchema, startHandler } from './testing/start-handler.ts';

const PASSWORD = 'hunter2';

/** Why a handler does not start. The error must be temporary, because an operator can fix it without a restart. */
async function refusal(options: LogPostgresOptions): Promise<string> {
  const handler = logPostgres(options);
  try {
    await handler.start?.(handlerContext().context);
  } catch (error) {
    expect(failureKind(error)).toBe('temporary');
    expect(String(error)).not.toContain(PASSWORD);
    return String(error);
  }
  await handler.close?.();
  return 'it started';
}

describeService('postgres', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres({ password: PASSWORD });
  });
  afterAll(() => server.stop());

  const at = (user: string, password: string, database = 'postgres') =>
    `postgres://${user}:${password}@127.0.0.1:${server.port}/${database}`;

  it('log-postgres explains a wrong password, database or server, and a server without TLS', async () => {
    expect(await refusal({ url: at('ihandler', 'wrong') })).toMatch(
      /rejected the login of ihandler: check the user, the password/,
    );
    expect(await refusal({ url: `postgres://ihandler@127.0.0.1:${server.port}/postgres` })).toMatch(
      /rejected the login of ihandler/,
    );
    expect(await refusal({ url: at('ihandler', PASSWORD, 'none') })).toMatch(
      /does not exist: create it \(createdb none\)/,
    );
    expect(await refusal({ url: at('ihandler', PASSWORD), tls: {} })).toMatch(
      /does not support TLS: enable it on the server/,
    );
    const unused = `postgres://ihandler:${PASSWORD}@127.0.0.1:${await freePort()}/postgres`;
    expect(await refusal({ url: unused })).toMatch(/cannot connect to/);
  });

  it('log-postgres trusts only the configured certificate', async () => {
    const encrypting = await startPostgres({ password: PASSWORD, tls: true });
    onTestFinished(() => encrypting.stop());
    const { url, certificate, port } = encrypting;
    expect(await refusal({ url, tls: {} })).toMatch(/certificate is not trusted: set "tls\.ca"/);
    expect(await refusal({ url, tls: { ca: certificate } })).toBe('it started');
    expect(await refusal({ url: `${url}?sslmode=verify-full&sslrootcert=${certificate}` })).toBe(
      'it started',
    );
    const byName = `postgres://ihandler:${PASSWORD}@localhost:${port}/postgres`;
    expect(await refusal({ url: byName, tls: { ca: certificate } })).toMatch(
      /certificate is for another name/,
    );
    expect(await refusal({ url, tls: { insecure: true } })).toBe('it started');
    expect(await refusal({ url, tls: { ca: '/there/is/none.pem' } })).toMatch(/none\.pem/);
  });

  it('log-postgres waits while the server has no free connection', async () => {
    await query(server.url, `CREATE ROLE crowd LOGIN PASSWORD '${PASSWORD}' CONNECTION LIMIT 0`);
    expect(await refusal({ url: at('crowd', PASSWORD) })).toMatch(/has no free connection, retrying/);
  });

  it('log-postgres rejects the schema of another user until it may write there', async () => {
    await query(server.url, `CREATE ROLE guest LOGIN PASSWORD '${PASSWORD}'`);
    await query(server.url, 'CREATE SCHEMA foreign_schema');
    const options = { url: at('guest', PASSWORD), schema: 'foreign_schema' };
    expect(await refusal(options)).toMatch(
      /the schema foreign_schema of .* belongs to ihandler, and guest may not create tables in it: GRANT CREATE, USAGE/,
    );
    expect(await refusal({ ...options, schema: 'not_there' })).toMatch(
      /guest lacks privileges in the schema not_there/,
    );
    await query(server.url, 'GRANT CREATE, USAGE ON SCHEMA foreign_schema TO guest');
    expect(await refusal(options)).toBe('it started');
  });

  it('log-postgres rejects a schema with tables of another program', async () => {
    await query(server.url, 'CREATE SCHEMA theirs');
    await query(server.url, 'CREATE TABLE theirs.connections (connection bigint)');
    expect(await refusal({ url: server.url, schema: 'theirs' })).toMatch(
      /contains tables of another program, such as connections: name another one/,
    );
  });

  it('log-postgres rejects a schema of a later version, and names both versions', async () => {
    const schema = freshSchema();
    await (await startHandler({ url: server.url, schema })).close?.();
    await query(server.url, `INSERT INTO ${schema}.ihandler_versions (version) VALUES (7)`);
    expect(await refusal({ url: server.url, schema })).toMatch(
      /has version 7, this .* knows version \d: install a newer one/,
    );
  });

  it('log-postgres waits while a table is missing, and continues when it is back', async () => {
    const schema = freshSchema();
    const { write } = await startHandler({ url: server.url, schema });
    const { accept, offer } = stream();
    await write([accept('a')]);
    await query(server.url, `ALTER TABLE ${schema}.offers RENAME TO moved`);
    const waiting = offer('a', 'http://1/');
    const failure = await write([waiting]).catch((error: unknown) => error);
    expect(failureKind(failure)).toBe('temporary');
    expect(String(failure)).toContain('lacks expected tables or columns');
    await query(server.url, `ALTER TABLE ${schema}.moved RENAME TO offers`);
    await write([waiting]);
    expect(await query(server.url, `SELECT offer_url FROM ${schema}.offers`)).toEqual([
      { offer_url: 'http://1/' },
    ]);
  });

  it('the reader explains a failure without the password', async () => {
    const read = async (url: string) => {
      try {
        await openAttackReader(url).summary();
      } catch (error) {
        expect(String(error)).not.toContain('hunter');
        expect(error).toMatchObject({ code: 'TARGET_UNREADABLE' });
        return String(error);
      }
      return 'it was read';
    };
    expect(await read(at('ihandler', 'hunter3'))).toContain('rejected the login of ihandler');
    expect(await read(`${server.url}?schema=nothing`)).toMatch(
      /does not contain attacks in the schema nothing: either none has been written yet/,
    );
    expect(await read(at('ihandler', PASSWORD, 'none'))).toContain('does not exist');
  });
});
