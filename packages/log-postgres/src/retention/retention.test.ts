import { type Connection, createIncident } from '@ihandler/core';
import { DAY } from '@ihandler/core/kit';
import { connection, stream } from '@ihandler/test-support/attacks';
import { describeService, type Postgres, startPostgres } from '@ihandler/test-support/servers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openAttackReader } from '../read/reader.ts';
import { query } from '../testing/query.ts';
import { freshSchema, startHandler } from '../testing/start-handler.ts';

describeService('postgres', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  const count = async (schema: string, table: string) =>
    Number(
      (await query<{ n: number }>(server.url, `SELECT count(*)::int AS n FROM ${schema}.${table}`))[0]?.n,
    );

  it('retention deletes whole attacks that ended long ago, with their details, and nothing younger', async () => {
    const schema = freshSchema();
    const first = await startHandler({ url: server.url, schema });
    const { accept, offer, link, download, incident, clock } = stream();
    clock.now = Date.now() - 10 * DAY;
    const sip = incident('dionaea.modules.python.sip.command', {
      connection: connection('old'),
      method: 'INVITE',
      via: [{ protocol: 'UDP', address: '192.0.2.1', port: 5060 }],
    });
    await first.write([accept('old'), accept('child'), link('old', 'child')]);
    await first.write([sip, offer('child', 'http://old/'), download('child', 'http://old/', 'f'.repeat(32))]);
    const report = (md5hash: string) =>
      incident('dionaea.modules.python.virustotal.report', {
        md5hash,
        path: '',
        report: { response_code: 1, scan_date: '2026-01-01 00:00:00', scans: { one: { result: 'bad' } } },
      });
    await first.write([report('f'.repeat(32)), report('e'.repeat(32))]);
    await first.write([
      accept('alive'),
      download('alive', 'http://alive/', 'e'.repeat(32)),
      offer('unannounced', 'http://x/'),
    ]);
    clock.now = Date.now() - 2 * 3_600_000;
    await first.write([accept('late'), link('alive', 'late')]);
    await first.close?.();

    const { counters } = await startHandler({ url: server.url, schema, keep: '5d' });
    await vi.waitFor(() => expect(counters?.()).toMatchObject({ attacks_removed: 1 }), { timeout: 10_000 });
    const left = await query(
      server.url,
      `SELECT connection_id AS id FROM ${schema}.ihandler_connections ORDER BY connection`,
    );
    expect(left).toEqual([{ id: 'alive' }, { id: 'late' }]);
    for (const table of ['sip_commands', 'sip_vias', 'offers'])
      expect(await count(schema, table), table).toBe(0);
    for (const table of ['downloads', 'virustotals', 'virustotalscans'])
      expect(await count(schema, table), table).toBe(1);
  });

  it.each([
    ['starts in 1970', 0],
    ['is years ahead', 4_000_000_000_000],
  ])('retention counts from arrival when the clock of a sensor %s', async (_, clock) => {
    const schema = freshSchema();
    const right = stream('right', 'right');
    const wrong = stream('wrong', 'wrong');
    right.clock.now = Date.now() - 40 * DAY;
    wrong.clock.now = clock;
    const first = await startHandler({ url: server.url, schema });
    await first.write([right.accept('old'), wrong.accept('young'), wrong.accept('child')]);
    await first.write([wrong.link('young', 'child')]);
    await first.close?.();
    const left = async () =>
      (
        await query<{ id: string }>(
          server.url,
          `SELECT connection_id AS id FROM ${schema}.ihandler_connections ORDER BY connection`,
        )
      ).map(({ id }) => id);
    const handler = await startHandler({ url: server.url, schema, keep: '30d' });
    await vi.waitFor(async () => expect(await left()).toEqual(['young', 'child']), { timeout: 10_000 });
    expect(handler.lines.join()).toContain('the clock of a sensor is wrong');
    await handler.close?.();
    const later = { now: () => Date.now() + 31 * DAY };
    await startHandler({ url: server.url, schema, keep: '30d' }, later);
    await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 10_000 });
    expect(await count(schema, 'ihandler_clocks')).toBe(0);
  });

  it('retention deletes old ids, and stored incidents still count as duplicates', async () => {
    const schema = freshSchema();
    const first = await startHandler({ url: server.url, schema });
    const { accept, offer } = stream();
    const incidents = [accept('a'), offer('a', 'http://1/'), offer('a', 'http://2/')];
    await first.write(incidents);
    await first.close?.();

    const { write } = await startHandler({ url: server.url, schema }, { now: () => Date.now() + 40 * DAY });
    await vi.waitFor(async () => expect(await count(schema, 'ihandler_ids')).toBe(0), { timeout: 10_000 });
    await write([...incidents, offer('a', 'http://3/')]);
    expect(await count(schema, 'offers')).toBe(3);
    expect(await count(schema, 'ihandler_ids')).toBe(1);
  });

  it('log-postgres forgets attacks in which a host took part, in any form of its address, and waiting incidents that name it', async () => {
    const schema = freshSchema();
    const { write, forget } = await startHandler({ url: server.url, schema });
    const { accept, link, offer, incident } = stream();
    await write([accept('a', '203.0.113.5'), accept('b', '198.51.100.1'), link('b', 'a')]);
    await write([accept('c', '::ffff:203.0.113.5'), accept('d', 'somewhere'), accept('e', '198.51.100.9')]);
    const unknown = { connection: connection('unknown', '203.0.113.5'), url: 'http://x/' };
    await write([incident('dionaea.download.offer', unknown), offer('other', 'http://y/')]);
    const answer = await forget?.((host) => /203\.0\.113\.5$|^somewhere$/.test(host));
    expect(answer).toMatch(/^removed 3 attacks; .*VACUUM FULL.*backups keep copies/);
    const left = await query(server.url, `SELECT connection_id AS id FROM ${schema}.ihandler_connections`);
    expect(left).toEqual([{ id: 'e' }]);
    expect(await count(schema, 'ihandler_waiting')).toBe(1);
  });

  it('log-postgres finds and forgets an attacker who is named only by host name or in a child, and cleans the texts of others', async () => {
    const schema = freshSchema();
    const { write, forget } = await startHandler({ url: server.url, schema });
    const { accept, link, offer } = stream();
    const named = (id: string) => {
      const incident = accept(id, '');
      const one = incident.data['connection'] as Connection;
      const remote = { ...one.remote, host: '', hostname: '203.0.113.9' };
      return createIncident({ ...incident, data: { connection: { ...one, remote } } });
    };
    await write([named('by-name'), accept('parent'), named('child'), link('parent', 'child')]);
    await write([accept('other'), offer('other', 'http://203.0.113.9/x')]);
    const reader = await openAttackReader(`${server.url}?schema=${schema}`);
    const found: unknown[] = [];
    for await (const { row } of reader.attacks({ remoteHost: '203.0.113.9' })) found.push(row['connection']);
    await reader.close();
    expect(found).toEqual([1, 2]);
    const answer = await forget?.((host) => host === '203.0.113.9');
    expect(answer).toMatch(/^removed 2 attacks, and the address from 1 text of other attacks; /);
    expect(await query(server.url, `SELECT offer_url FROM ${schema}.offers`)).toEqual([
      { offer_url: 'http://forgotten/x' },
    ]);
  });
});
