import type { ConnectionNode } from '@ihandler/attack-log';
import { createIncident } from '@ihandler/core';
import { connection, stream } from '@ihandler/test-support/attacks';
import { describeService, type Postgres, startPostgres } from '@ihandler/test-support/servers';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openAttackReader } from '../index.ts';
import { query } from '../testing/query.ts';
import { freshSchema, startHandler } from '../testing/start-handler.ts';

describeService('postgres', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  async function attacks(schema: string, filter = {}): Promise<ConnectionNode[]> {
    const found: ConnectionNode[] = [];
    for await (const attack of openAttackReader(`${server.url}?schema=${schema}`).attacks(filter))
      found.push(attack);
    return found;
  }

  it('log-postgres stores a value that does not fit its column, and readers get it unchanged', async () => {
    const schema = freshSchema();
    const { write, counters } = await startHandler({ url: server.url, schema });
    const { incident } = stream();
    const odd = {
      ...connection('a'),
      transport: 'carrier pigeon',
      local: { host: 'fe80::1%eth0', port: 3_000_000_000 },
      remote: { host: 'not an address', port: 1.5, hostname: 'a\0b' },
    };
    const url = `http://x/${'é'.repeat(100_000)}`;
    await write([
      incident('dionaea.connection.tcp.accept', { connection: odd }),
      incident('dionaea.download.offer', { connection: odd, url }),
      incident('dionaea.modules.python.smb.dcerpc.request', { connection: odd, uuid: 'none', opnum: 65_535 }),
      incident('dionaea.modules.python.mysql.command', {
        connection: odd,
        command: 3,
        args: ['x\0y', '\ud800'],
      }),
    ]);
    const [row] = await query(server.url, `SELECT * FROM ${schema}.connections`);
    expect(row).toMatchObject({
      connection_transport: null,
      local_host: null,
      local_port: null,
      remote_host: null,
      remote_port: null,
      remote_hostname: 'a\ufffdb',
    });
    const [attack] = await attacks(schema);
    expect(attack?.row).toMatchObject({
      connection_transport: 'carrier pigeon',
      local_host: 'fe80::1%eth0',
      local_port: 3_000_000_000,
      remote_host: 'not an address',
      remote_port: 1.5,
      remote_hostname: 'a\0b',
    });
    expect(attack?.details.offers[0]?.['offer_url']).toBe(url);
    expect(attack?.details.dcerpcrequests[0]).toMatchObject({
      dcerpcrequest_uuid: 'none',
      dcerpcrequest_opnum: 65_535,
    });
    const args = attack?.details.mysql_commands[0]?.args.map((arg) => arg['mysql_command_arg_data']);
    expect(args).toEqual(['x\0y', '\ud800']);
    expect(counters?.()).toMatchObject({ unfit_values: 10 });
    expect(await attacks(schema, { remoteHost: 'not an address' })).toHaveLength(1);
    expect(await attacks(schema, { remoteHost: '198.51.100.7' })).toHaveLength(0);
  });

  it('log-postgres distinguishes connections and streams by their exact names', async () => {
    const schema = freshSchema();
    const { write } = await startHandler({ url: server.url, schema });
    const names = ['a\0', 'a\ufffd', 'a', 'A', "a'", 'a"', '{a}', 'a\\', 'x'.repeat(100_000)];
    for (const name of names) {
      const { accept, offer } = stream(`${name} stream`, `${name} sensor`);
      await write([accept(name), offer(name, 'http://1/')]);
      await write([offer(name, 'http://2/')]);
    }
    const found = await attacks(schema);
    expect(found.map(({ details }) => details.offers.map((row) => row['offer_url']))).toEqual(
      names.map(() => ['http://1/', 'http://2/']),
    );
  });

  it('log-postgres stores any text and any number of an incident', async () => {
    const schema = freshSchema();
    const { write } = await startHandler({ url: server.url, schema });
    const { accept } = stream('any');
    await write([accept('a')]);
    const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 700 }), fc.string({ maxLength: 20 }));
    let ordinal = 0;
    await fc.assert(
      fc.asyncProperty(texts, texts, fc.double(), async (username, password, timestamp) => {
        ordinal += 1;
        const time = Number.isFinite(timestamp) ? timestamp : 0;
        const data = { connection: connection('a'), username, password };
        const origin = 'dionaea.modules.python.ftp.login';
        const parts = { sensor: 'sensor', timestamp: time };
        await write([createIncident({ ...parts, id: `login:${ordinal}`, origin, data })]);
        const announced = { connection: connection(`b${ordinal}`) };
        const accepts = { ...parts, origin: 'dionaea.connection.tcp.accept', data: announced };
        await write([createIncident({ ...accepts, id: `accept:${ordinal}` })]);
        const [attack] = await attacks(schema, { connection: 1 });
        const last = attack?.details.logins.at(-1);
        expect([last?.['login_username'], last?.['login_password']]).toEqual([username, password]);
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
