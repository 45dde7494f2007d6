import { formatAttack } from '@ihandler/attack-log';
import { stream } from '@ihandler/test-support/attacks';
import { describeService, type Postgres, startPostgres } from '@ihandler/test-support/servers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openAttackReader } from './index.ts';
import { query } from './testing/query.ts';
import { freshSchema, startHandler } from './testing/start-handler.ts';

describeService('postgres', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  async function printed(schema: string): Promise<string> {
    const reader = openAttackReader(`${server.url}?schema=${schema}`);
    let text = '';
    for await (const attack of reader.attacks()) text += formatAttack(attack, { utc: true });
    return text;
  }

  it('log-postgres stores connections with their details and their sensor', async () => {
    const schema = freshSchema();
    const { write } = await startHandler({ url: server.url, schema });
    const { accept, offer, link, login } = stream('s', 'berlin');
    await write([accept('a'), offer('a', 'http://198.51.100.7/x')]);
    await write([accept('b'), link('a', 'b'), login('b', 'root', '')]);
    const rows = await query(
      server.url,
      `SELECT connection::int, connection_root::int AS root, connection_parent::int AS parent, connection_type AS type,
        host(remote_host) AS host, sensor_name AS sensor, extract(epoch FROM connection_timestamp)::int AS time
        FROM ${schema}.connections JOIN ${schema}.sensors USING (sensor) ORDER BY connection`,
    );
    const common = { type: 'accept', host: '198.51.100.7', sensor: 'berlin' };
    expect(rows).toEqual([
      { connection: 1, root: 1, parent: null, time: 1_600_000_001, ...common },
      { connection: 2, root: 1, parent: 1, time: 1_600_000_003, ...common },
    ]);
    expect(await printed(schema)).toContain('http://198.51.100.7/x');
  });

  it('log-postgres links a connection to a parent that was announced later, in another batch', async () => {
    const schema = freshSchema();
    const { write } = await startHandler({ url: server.url, schema });
    const { accept, offer, link } = stream();
    const [a, b, c] = [accept('a'), accept('b'), accept('c')];
    for (const incident of [link('b', 'c'), offer('c', 'http://c/'), link('a', 'b'), c, b, a])
      await write([incident]);
    const roots = await query(
      server.url,
      `SELECT DISTINCT k.connection_id FROM ${schema}.connections c
        JOIN ${schema}.ihandler_connections k ON k.connection = c.connection_root`,
    );
    expect(roots).toEqual([{ connection_id: 'a' }]);
    expect(await query(server.url, `SELECT * FROM ${schema}.ihandler_waiting`)).toEqual([]);
  });

  it('log-postgres knows the rows of a database that an earlier version stored under repeating ids', async () => {
    const schema = freshSchema();
    const { write } = await startHandler({ url: server.url, schema });
    const [monday, tuesday] = [stream('a'.repeat(20)), stream('b'.repeat(20))];
    await write([monday.accept('c1'), tuesday.accept('c1')]);
    await write([
      monday.offer(`${'a'.repeat(20)}:1`, 'monday'),
      tuesday.accept(`${'b'.repeat(20)}:2`),
      tuesday.offer(`${'b'.repeat(20)}:1`, 'tuesday'),
      tuesday.link(`${'b'.repeat(20)}:1`, `${'b'.repeat(20)}:2`),
    ]);
    expect(
      await query(
        server.url,
        `SELECT connection::int, offer_url AS url FROM ${schema}.offers ORDER BY offer`,
      ),
    ).toEqual([
      { connection: 1, url: 'monday' },
      { connection: 2, url: 'tuesday' },
    ]);
    expect(
      await query(
        server.url,
        `SELECT connection_parent::int AS parent FROM ${schema}.connections ORDER BY connection`,
      ),
    ).toEqual([{ parent: null }, { parent: null }, { parent: 2 }]);
  });

  it('log-postgres keeps incidents of an id that was used again with the connection of their stream', async () => {
    const schema = freshSchema();
    const { write } = await startHandler({ url: server.url, schema });
    const [young, old] = [stream('young'), stream('old')];
    young.clock.now += 1_000_000;
    await write([young.accept('7')]);
    await write([old.accept('7'), old.offer('7', 'old')]);
    await write([young.offer('7', 'young')]);
    expect(
      await query(
        server.url,
        `SELECT connection::int, offer_url AS url FROM ${schema}.offers ORDER BY offer`,
      ),
    ).toEqual([
      { connection: 2, url: 'old' },
      { connection: 1, url: 'young' },
    ]);
  });

  it('log-postgres stores an incident once, however often and in whatever batches it is delivered', async () => {
    const schema = freshSchema();
    const { write, counters } = await startHandler({ url: server.url, schema });
    const { accept, offer } = stream();
    const incidents = [accept('a'), offer('a', 'http://1/'), accept('b'), offer('b', 'http://2/')];
    await write(incidents.slice(0, 3));
    await write(incidents.slice(1));
    await write([...incidents, ...incidents]);
    await write(incidents.slice(0, 1));
    expect(await query(server.url, `SELECT offer_url FROM ${schema}.offers ORDER BY 1`)).toEqual([
      { offer_url: 'http://1/' },
      { offer_url: 'http://2/' },
    ]);
    expect(counters?.()).toMatchObject({ stored: 4 });
  });

  it('log-postgres drops the oldest waiting incidents of a noisy sensor, and counts them', async () => {
    const schema = freshSchema();
    const { write, lines, counters } = await startHandler({ url: server.url, schema });
    const noisy = stream('noisy', 'noisy');
    const quiet = stream('quiet', 'quiet');
    await write([quiet.offer('unknown', 'http://quiet/')]);
    for (let batch = 0; batch < 11; batch += 1)
      await write(Array.from({ length: 1000 }, () => noisy.offer('unannounced', 'http://noisy/')));
    const waiting = await query(
      server.url,
      `SELECT sensor_name, count(*)::int FROM ${schema}.ihandler_waiting JOIN ${schema}.sensors USING (sensor)
        GROUP BY 1 ORDER BY 1`,
    );
    expect(waiting).toEqual([
      { sensor_name: 'noisy', count: 10_000 },
      { sensor_name: 'quiet', count: 1 },
    ]);
    expect(counters?.()).toMatchObject({ waiting_dropped: 1000 });
    expect(lines.join()).toContain('discarded the oldest');
  });
});
