import { statSync } from 'node:fs';
import { join } from 'node:path';
import { failureKind } from '@ihandler/core';
import { connection, stream } from '@ihandler/test-support/attacks';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import logSqlite from './handler.ts';
import { query, startHandler, temporaryFolder } from './testing/start-handler.ts';

const newFile = () => join(temporaryFolder(), 'attacks.sqlite');

function failure(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('expected a failure');
}

it('log-sqlite writes the rows of a batch with its checkpoint', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const { accept, link, offer, checkpoint } = stream();
  handler.write(
    [accept('a'), accept('b'), link('a', 'b'), offer('b', 'http://evil.example/x')],
    checkpoint(),
  );
  expect(query(file, 'SELECT connection, connection_root, connection_parent FROM connections')).toEqual([
    { connection: 1, connection_root: 1, connection_parent: null },
    { connection: 2, connection_root: 1, connection_parent: 1 },
  ]);
  expect(query(file, 'SELECT * FROM offers')).toEqual([
    { offer: 1, connection: 2, offer_url: 'http://evil.example/x' },
  ]);
  expect(handler.checkpoint?.()).toEqual({ stream: 4 });
});

it('log-sqlite resumes where an earlier batch or an earlier process stopped', async () => {
  const file = newFile();
  const { accept, link, offer, checkpoint } = stream();
  const first = await startHandler({ file });
  first.write([link('a', 'b'), accept('b')], checkpoint());
  first.write([link('b', 'c'), accept('c')], checkpoint());
  await first.close?.();
  const second = await startHandler({ file });
  expect(second.checkpoint?.()).toEqual({ stream: 4 });
  second.write([offer('b', 'http://evil.example/x'), accept('a')], checkpoint());
  expect(query(file, 'SELECT connection, connection_root, connection_parent FROM connections')).toEqual([
    { connection: 1, connection_root: 3, connection_parent: 3 },
    { connection: 2, connection_root: 3, connection_parent: 1 },
    { connection: 3, connection_root: 3, connection_parent: null },
  ]);
  expect(query(file, 'SELECT connection FROM offers')).toEqual([{ connection: 1 }]);
  expect(query(file, 'SELECT * FROM ihandler_waiting')).toEqual([]);
});

it('log-sqlite stores the sensor, id and incident of each connection beside the tables of dionaea', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const [one, other] = [stream('one', 'north'), stream('other', 'south')];
  handler.write([one.accept('7'), other.accept('7'), other.offer('7', 'x')], {
    ...one.checkpoint(),
    ...other.checkpoint(),
  });
  expect(
    query(
      file,
      `SELECT connection, sensor_name, connection_id, incident_id
        FROM ihandler_connections JOIN ihandler_sensors USING (sensor)`,
    ),
  ).toEqual([
    { connection: 1, sensor_name: 'north', connection_id: '7', incident_id: 'one:1' },
    { connection: 2, sensor_name: 'south', connection_id: '7', incident_id: 'other:1' },
  ]);
  expect(query(file, 'SELECT connection FROM offers')).toEqual([{ connection: 2 }]);
});

it('log-sqlite knows the rows of a database that an earlier version stored under repeating ids', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const [monday, tuesday] = [stream('a'.repeat(20)), stream('b'.repeat(20))];
  handler.write([monday.accept('c1'), tuesday.accept('c1')], {});
  handler.write(
    [
      monday.offer(`${'a'.repeat(20)}:1`, 'monday'),
      tuesday.accept(`${'b'.repeat(20)}:2`),
      tuesday.offer(`${'b'.repeat(20)}:1`, 'tuesday'),
      tuesday.link(`${'b'.repeat(20)}:1`, `${'b'.repeat(20)}:2`),
    ],
    {},
  );
  expect(query(file, 'SELECT connection, offer_url FROM offers')).toEqual([
    { connection: 1, offer_url: 'monday' },
    { connection: 2, offer_url: 'tuesday' },
  ]);
  expect(query(file, 'SELECT connection_parent AS parent FROM connections')).toEqual([
    { parent: null },
    { parent: null },
    { parent: 2 },
  ]);
});

it('log-sqlite does not store incidents again that another process has stored meanwhile', async () => {
  const file = newFile();
  const [one, other] = [await startHandler({ file }), await startHandler({ file })];
  const { accept, checkpoint } = stream();
  const early = [accept('a'), accept('b')];
  const upTo = checkpoint();
  one.write(early, upTo);
  other.write([...early, accept('c')], checkpoint());
  one.write(early, upTo);
  expect(query(file, 'SELECT connection_id FROM ihandler_connections')).toEqual([
    { connection_id: 'a' },
    { connection_id: 'b' },
    { connection_id: 'c' },
  ]);
  expect(one.checkpoint?.()).toEqual({ stream: 3 });
});

it('log-sqlite keeps the old rows and the old checkpoint when a write fails', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const { accept, offer, checkpoint } = stream();
  handler.write([accept('a')], checkpoint());
  const other = new Database(file);
  other.exec(`CREATE TRIGGER fail BEFORE INSERT ON offers WHEN new.offer_url = 'fail'
    BEGIN SELECT raise(ABORT, 'no'); END`);
  const batch = [accept('b'), offer('b', 'fail'), accept('c')];
  expect(() => handler.write(batch, checkpoint())).toThrow('no');
  expect(query(file, 'SELECT connection FROM connections')).toHaveLength(1);
  expect(handler.checkpoint?.()).toEqual({ stream: 1 });
  other.exec('DROP TRIGGER fail');
  other.close();
  handler.write(batch, checkpoint());
  expect(query(file, 'SELECT connection FROM connections')).toHaveLength(3);
  expect(handler.checkpoint?.()).toEqual({ stream: 4 });
});

it('log-sqlite fails temporarily while the database is locked, then writes everything once', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const { accept, checkpoint } = stream();
  const other = new Database(file);
  other.exec('BEGIN IMMEDIATE');
  const batch = [accept('a'), accept('b')];
  const error = failure(() => handler.write(batch, checkpoint()));
  expect(failureKind(error)).toBe('temporary');
  expect(String(error)).toContain(`${file} is locked`);
  other.exec('ROLLBACK');
  other.close();
  handler.write(batch, checkpoint());
  expect(query(file, 'SELECT connection FROM connections')).toHaveLength(2);
});

it('log-sqlite stores any text of an attacker as text', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const { accept, incident, offer, checkpoint } = stream();
  const texts = ["'; DROP TABLE connections; --", 'a\0b', '\ud800x\udc00', '\u001b[2J', '', 'ü'.repeat(2000)];
  const bytes = Uint8Array.from([0x61, 0xff, 0x00, 0x62]);
  handler.write(
    [
      accept('a'),
      ...texts.map((text) => offer('a', text)),
      incident('dionaea.download.offer', { connection: connection('a'), url: bytes }),
      incident('dionaea.modules.python.mysql.command', {
        connection: connection('a'),
        command: 3_000_000_000,
        args: ['__proto__', 'constructor'],
      }),
    ],
    checkpoint(),
  );
  expect(query(file, 'SELECT offer_url, typeof(offer_url) AS type FROM offers ORDER BY offer')).toEqual(
    [...texts.slice(0, 2), '\ufffdx\ufffd', ...texts.slice(3), 'a\ufffd\0b'].map((text) => ({
      offer_url: text,
      type: 'text',
    })),
  );
  expect(
    query(file, 'SELECT mysql_command_cmd AS cmd, typeof(mysql_command_cmd) AS type FROM mysql_commands'),
  ).toEqual([{ cmd: 3_000_000_000, type: 'integer' }]);
});

it('log-sqlite distinguishes connections by any text in their ids and sensor names', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '1', '\0', 'ü', '\u{1f41d}', '%'), maxLength: 4 });
  let run = 0;
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(text, text), { minLength: 1, selector: String }), (names) => {
      run += 1;
      const streams = names.map(
        ([sensor, id], n) => [stream(`${run}-${n}`, `${run} ${sensor}`), `x${id}`] as const,
      );
      const upTo = () => Object.assign({}, ...streams.map(([{ checkpoint }]) => checkpoint()));
      handler.write(
        streams.map(([{ accept }, id]) => accept(id)),
        upTo(),
      );
      handler.write(
        streams.map(([{ offer }, id], n) => offer(id, `${run}-${n}`)),
        upTo(),
      );
      const found = query<{ incident: string; url: string }>(
        file,
        `SELECT incident_id AS incident, offer_url AS url FROM offers JOIN ihandler_connections USING (connection)
          WHERE offer_url LIKE ? ORDER BY offer`,
        `${run}-%`,
      );
      expect(found).toEqual(names.map((_, n) => ({ incident: `${run}-${n}:1`, url: `${run}-${n}` })));
    }),
    { numRuns: 50 },
  );
});

it('log-sqlite drops the oldest incidents that wait for unknown connections, and logs it', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const { offer, checkpoint } = stream();
  handler.write(
    Array.from({ length: 10_002 }, (_, n) => offer(`never-${n}`, 'x')),
    checkpoint(),
  );
  expect(query(file, 'SELECT min(number) AS oldest, count(*) AS waiting FROM ihandler_waiting')).toEqual([
    { oldest: 3, waiting: 10_000 },
  ]);
  expect(query(file, "SELECT value FROM ihandler_meta WHERE key = 'given_up'")).toEqual([{ value: 2 }]);
  expect(handler.lines.filter((line) => line.startsWith('warn:'))).toHaveLength(1);
});

it('log-sqlite creates a database and the files beside it with mode 0640, whatever the umask', async () => {
  const file = newFile();
  const before = process.umask(0o077);
  try {
    const handler = await startHandler({ file });
    const { accept, checkpoint } = stream();
    handler.write([accept('a')], checkpoint());
    for (const end of ['', '-wal', '-shm']) expect(statSync(file + end).mode & 0o777).toBe(0o640);
  } finally {
    process.umask(before);
  }
});

it('log-sqlite can use a rollback journal, and returns free pages to the file system', async () => {
  const file = newFile();
  const handler = await startHandler({ file, journalMode: 'delete', mode: '0600' });
  const { accept, checkpoint } = stream();
  handler.write([accept('a')], checkpoint());
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(
    query(file, 'SELECT journal_mode, auto_vacuum FROM pragma_journal_mode, pragma_auto_vacuum'),
  ).toEqual([{ journal_mode: 'delete', auto_vacuum: 2 }]);
});

it('log-sqlite leaves one complete file after close, and rejects writes until it is started again', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const { accept, checkpoint } = stream();
  handler.write([accept('a')], checkpoint());
  await handler.close?.();
  expect(statSync(`${file}-wal`, { throwIfNoEntry: false })).toBeUndefined();
  await handler.close?.();
  expect(() => handler.write([accept('b')], checkpoint())).toThrow('before start');
});

it('log-sqlite reports all problems of its options at once', () => {
  // @ts-expect-error options of a careless user
  expect(() => logSqlite({ file: '~/x', keep: '90 days', mode: 640, journal: 'wal' })).toThrow(
    /file: .*not expanded[\s\S]*keep: expected an age[\s\S]*mode: .*quotes[\s\S]*journal/,
  );
});
