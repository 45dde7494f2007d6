import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DAY, HOUR } from '@ihandler/core/kit';
import { connection, stream } from '@ihandler/test-support/attacks';
import Database from 'better-sqlite3';
import { expect, it, vi } from 'vitest';
import { query, startHandler, temporaryFolder } from '../testing/start-handler.ts';

/** Retention works in the background, a few attacks at a time. */
const patiently = { timeout: 20_000 };
const newFile = () => join(temporaryFolder(), 'attacks.sqlite');
const kept = (file: string) =>
  query<{ id: string }>(file, 'SELECT connection_id AS id FROM ihandler_connections').map(({ id }) => id);
const tables = (file: string) =>
  query<{ name: string }>(
    file,
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'ihandler%'
      AND name NOT IN ('dcerpcservices', 'dcerpcserviceops', 'mysql_command_ops')`,
  ).map(({ name }) => name);

it('retention removes whole attacks that ended too long ago, with all their details', async () => {
  const file = newFile();
  const { accept, link, incident, offer, login, download, checkpoint, clock } = stream();
  const begin = clock.now;
  const first = await startHandler({ file });
  const address = { display_name: '', uri: { scheme: 'sip', user: 'u', host: 'h' }, params: {} };
  first.write(
    [
      ...[accept('old'), accept('old-child'), link('old', 'old-child')],
      ...[offer('old-child', 'x'), login('old', 'root', 'root'), download('old', 'x', 'a'.repeat(32))],
      incident('dionaea.modules.python.mysql.command', {
        connection: connection('old'),
        command: 3,
        args: ['1'],
      }),
      incident('dionaea.modules.python.sip.command', {
        connection: connection('old'),
        ...{
          method: 'OPTIONS',
          call_id: '1',
          user_agent: null,
          addr: address,
          to: address,
          contact: address,
        },
        ...{ from: [address], via: [], allow: [], sdp: null },
      }),
      incident('dionaea.modules.python.virustotal.report', {
        md5hash: 'a'.repeat(32),
        report: {
          response_code: 1,
          permalink: 'p',
          scan_date: '2010-10-07 20:37:27',
          scans: { A: { detected: true, version: '1', result: 'bad', update: '' } },
        },
      }),
    ],
    checkpoint(),
  );
  for (const table of ['sip_addrs', 'mysql_command_args', 'virustotals', 'virustotalscans', 'downloads'])
    expect(query(file, `SELECT * FROM ${table}`), table).not.toEqual([]);
  await first.close?.();
  await startHandler({ file, keep: '30d' }, { now: () => begin + 40 * DAY });
  await vi.waitFor(() => expect(kept(file)).toEqual([]), patiently);
  for (const table of tables(file)) expect(query(file, `SELECT * FROM ${table}`), table).toEqual([]);
});

it('retention keeps an old attack while one of its connections is young', async () => {
  const file = newFile();
  const { accept, listen, link, checkpoint, clock } = stream();
  const first = await startHandler({ file });
  const begin = clock.now;
  const batch = [listen('port'), accept('early'), link('port', 'early'), accept('alone')];
  clock.now += 39 * DAY;
  first.write([...batch, accept('late'), link('port', 'late')], checkpoint());
  await startHandler({ file, keep: '30d' }, { now: () => begin + 40 * DAY });
  await vi.waitFor(() => expect(kept(file)).toEqual(['port', 'early', 'late']), patiently);
});

it('retention removes what dionaea left under a root that now has another root', async () => {
  const file = newFile();
  await (await startHandler({ file })).close?.();
  const database = new Database(file);
  const columns = '(connection, connection_root, connection_parent, connection_timestamp)';
  database.exec(
    `INSERT INTO connections ${columns} VALUES (1, 1, NULL, 1300000010), (2, 1, 1, 1300000011), (3, 2, 2, 1300000012)`,
  );
  database.close();
  await startHandler({ file, keep: '1d' });
  await vi.waitFor(() => expect(query(file, 'SELECT * FROM connections')).toEqual([]), patiently);
});

it('retention removes the oldest attacks until the file is small enough, but none younger than an hour', async () => {
  const file = newFile();
  const { accept, offer, checkpoint, clock } = stream();
  const first = await startHandler({ file });
  const url = 'x'.repeat(100_000);
  for (let n = 0; n < 40; n += 1) {
    const batch = [accept(`old-${n}`), offer(`old-${n}`, url)];
    first.write(batch, checkpoint());
  }
  clock.now += 3 * HOUR;
  const now = clock.now;
  first.write([accept('young'), offer('young', url), offer('young', url)], checkpoint());
  await first.close?.();
  expect(statSync(file).size).toBeGreaterThan(4_000_000);
  const handler = await startHandler({ file, maxSize: '2MB' }, { now: () => now });
  await vi.waitFor(() => {
    const [size] = query<{ bytes: number }>(
      file,
      'SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size',
    );
    expect(size?.bytes).toBeLessThan(2_000_000);
  }, patiently);
  await handler.close?.();
  expect(statSync(file).size).toBeLessThan(2_000_000);
  expect(statSync(file).size).toBeGreaterThan(1_500_000);
  expect(kept(file).at(-1)).toBe('young');
  const again = await startHandler({ file, maxSize: '0.1MB' }, { now: () => now });
  await vi.waitFor(() => expect(kept(file)).toEqual(['young']), patiently);
  expect(again.checkpoint?.()).toEqual(checkpoint());
});

it.each([
  ['starts in 1970', 0],
  ['is years ahead', 4_000_000_000_000],
])('retention counts from arrival when the clock of a sensor %s', async (_, clock) => {
  const file = newFile();
  const begin = 1_700_000_000_000;
  const clocks = { now: begin };
  const right = stream('right', 'right');
  const wrong = stream('wrong', 'wrong');
  right.clock.now = begin - 40 * DAY;
  const old = [right.accept('old'), right.accept('mixed')];
  wrong.clock.now = clock;
  const young = [wrong.accept('young'), wrong.accept('child')];
  const first = await startHandler({ file });
  // A tree whose root is old by its time, with a child that has just arrived.
  const mixed = right.incident('dionaea.connection.link', {
    parent: connection('mixed'),
    child: connection('late'),
  });
  right.clock.now = clock;
  first.write([...old, right.accept('late'), mixed, ...young], {});
  await first.close?.();
  const handler = await startHandler({ file, keep: '30d' }, { now: () => clocks.now });
  await vi.waitFor(() => expect(kept(file)).toEqual(['mixed', 'late', 'young', 'child']), patiently);
  expect(handler.lines.join()).toContain('the clock of a sensor is wrong');
  await handler.close?.();
  clocks.now += 31 * DAY;
  await startHandler({ file, keep: '30d' }, { now: () => clocks.now });
  await vi.waitFor(() => expect(kept(file)).toEqual([]), patiently);
  expect(query(file, 'SELECT * FROM ihandler_clocks')).toEqual([]);
});

it('log-sqlite writes while retention is due', async () => {
  const file = newFile();
  const { accept, checkpoint, clock } = stream();
  const handler = await startHandler({ file, keep: '1d' }, { now: () => clock.now });
  handler.write([accept('a')], checkpoint());
  clock.now += 10 * DAY;
  handler.write([accept('b')], checkpoint());
  expect(kept(file)).toContain('b');
  expect(handler.lines).toEqual([]);
});
