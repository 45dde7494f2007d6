import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Connection, createIncident, type Incident } from '@ihandler/core';
import { withinNetworks } from '@ihandler/core/kit';
import { stream } from '@ihandler/test-support/attacks';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { query, startHandler, temporaryFolder } from '../testing/start-handler.ts';

const BAD = '203.0.113.99';
const newFile = () => join(temporaryFolder(), 'attacks.sqlite');
const isBad = (host: string) => host === BAD;

/** The same incident, with the connections of these ids from the remote host to forget. */
function fromBad(incident: Incident, ...ids: readonly string[]): Incident {
  const { id, origin, timestamp, sensor } = incident;
  const data = Object.entries(incident.data).map(([key, value]) => {
    // Safe: the incidents of these tests hold connections and texts.
    const one = value as Connection;
    return ids.includes(one?.id) ? [key, { ...one, remote: { ...one.remote, host: BAD } }] : [key, value];
  });
  return createIncident({ id, origin, timestamp, sensor, data: Object.fromEntries(data) });
}

/** The content of all files in the folder of a database, as one text. */
function bytesBeside(file: string): string {
  return readdirSync(dirname(file))
    .map((name) => readFileSync(join(dirname(file), name), 'latin1'))
    .join('\n');
}

const ids = (file: string) =>
  query<{ id: string }>(file, 'SELECT connection_id AS id FROM ihandler_connections').map(({ id }) => id);

describe.each(['wal', 'delete'] as const)('log-sqlite forget, with the journal mode %s,', (journalMode) => {
  it('removes whole attacks in which a host took part, without leaving a byte of them', async () => {
    const file = newFile();
    const handler = await startHandler({ file, journalMode });
    const { accept, link, offer, login, checkpoint } = stream();
    handler.write(
      [
        accept('parent'),
        fromBad(accept('child'), 'child'),
        fromBad(link('parent', 'child'), 'child'),
        offer('child', 'http://evil.example/secret-payload'),
        login('parent', 'root', 'forgotten-password'),
        accept('innocent'),
        offer('innocent', 'http://example.com/kept'),
      ],
      checkpoint(),
    );
    expect(bytesBeside(file)).toContain(BAD);
    const answer = await handler.forget?.(isBad);
    expect(answer).toBe(`removed 1 attack (2 connections) and 0 waiting incidents from ${file}`);
    for (const trace of [BAD, 'secret-payload', 'forgotten-password'])
      expect(bytesBeside(file)).not.toContain(trace);
    expect(ids(file)).toEqual(['innocent']);
    expect(query(file, 'SELECT offer_url FROM offers')).toEqual([{ offer_url: 'http://example.com/kept' }]);
    expect(query(file, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    expect(handler.lines).toEqual([]);
  });

  it('does not leave a copy in pages that were split or freed before', async () => {
    const file = newFile();
    const handler = await startHandler({ file, journalMode });
    const { accept, offer, checkpoint } = stream();
    const batch = Array.from({ length: 3000 }, (_, n) => {
      const id = `c${(n * 7919) % 3000}`;
      return n % 3 === 0 ? [fromBad(accept(id), id), offer(id, `http://${BAD}/${n}`)] : [accept(id)];
    });
    handler.write(batch.flat(), checkpoint());
    expect(await handler.forget?.(isBad)).toMatch(/^removed 1,000 attacks \(1,000 connections\)/);
    expect(bytesBeside(file)).not.toContain(BAD);
    expect(ids(file)).toHaveLength(2000);
  });

  it('keeps the checkpoint, and lets the handler write afterwards', async () => {
    const file = newFile();
    const handler = await startHandler({ file, journalMode });
    const { accept, checkpoint } = stream();
    const first = [fromBad(accept('a'), 'a'), accept('b')];
    handler.write(first, checkpoint());
    await handler.forget?.(isBad);
    expect(handler.checkpoint?.()).toEqual(checkpoint());
    handler.write([...first, accept('c')], checkpoint());
    expect(ids(file)).toEqual(['b', 'c']);
    expect(handler.lines).toEqual([]);
  });
});

it('log-sqlite forget finds an attacker who is named only by host name or in a child, and cleans the texts of other attacks', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const { accept, link, offer, login, checkpoint } = stream();
  const named = (id: string) => {
    const incident = accept(id);
    const connection = incident.data['connection'] as Connection;
    const remote = { ...connection.remote, host: '', hostname: BAD };
    return createIncident({ ...incident, data: { connection: { ...connection, remote } } });
  };
  handler.write(
    [
      named('by-name'),
      accept('parent'),
      named('child'),
      link('parent', 'child'),
      accept('other'),
      offer('other', `http://${BAD}/x`),
      login('other', 'root', `wget [::ffff:${BAD}] ${BAD}9`),
    ],
    checkpoint(),
  );
  const answer = await handler.forget?.(withinNetworks([BAD]));
  expect(answer).toContain('2 attacks (3 connections) and 0 waiting incidents, and the address from 2 rows');
  expect(ids(file)).toEqual(['other']);
  expect(query(file, 'SELECT offer_url, login_password FROM offers JOIN logins USING (connection)')).toEqual([
    { offer_url: 'http://forgotten/x', login_password: `wget [forgotten] ${BAD}9` },
  ]);
  expect(bytesBeside(file).replaceAll(`${BAD}9`, '')).not.toContain(BAD);
});

it('log-sqlite forget removes incidents that wait for a removed connection or name a forgotten host', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const { accept, link, offer, checkpoint } = stream();
  handler.write(
    [
      fromBad(accept('known'), 'known'),
      link('unknown-parent', 'known'),
      fromBad(offer('never', 'http://x/waits'), 'never'),
      offer('other', 'http://x/stays'),
    ],
    checkpoint(),
  );
  expect(query(file, 'SELECT number FROM ihandler_waiting')).toHaveLength(3);
  expect(await handler.forget?.(isBad)).toContain('1 attack (1 connection) and 2 waiting incidents');
  expect(query<{ incident: string }>(file, 'SELECT incident FROM ihandler_waiting')).toEqual([
    { incident: expect.stringContaining('stays') },
  ]);
  expect(bytesBeside(file)).not.toContain(BAD);
});

it('log-sqlite forget treats attacks of dionaea whose root has another root as one, and finds those without a root', async () => {
  const file = newFile();
  await (await startHandler({ file })).close?.();
  const database = new Database(file);
  const columns = '(connection, connection_root, connection_parent, connection_timestamp, remote_host)';
  database.exec(`INSERT INTO connections ${columns} VALUES
    (1, 1, NULL, 10, 'x'), (2, 1, 1, 11, 'x'), (3, 2, 2, 12, '${BAD}'), (4, 4, NULL, 13, 'x'), (5, NULL, NULL, 14, '${BAD}')`);
  database.exec(`UPDATE connections SET connection_root = NULL WHERE connection = 5`);
  database.close();
  const handler = await startHandler({ file });
  await handler.forget?.(isBad);
  expect(query(file, 'SELECT connection FROM connections')).toEqual([{ connection: 4 }]);
});

it('log-sqlite forget reports that it found nothing, or that it could not rewrite the file', async () => {
  const file = newFile();
  const handler = await startHandler({ file });
  const { accept, checkpoint } = stream();
  handler.write([fromBad(accept('a'), 'a')], checkpoint());
  expect(await handler.forget?.(() => false)).toContain('removed 0 attacks (0 connections)');
  const reader = new Database(file, { readonly: true });
  try {
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM connections').get();
    expect(await handler.forget?.(isBad)).toMatch(
      /removed 1 attack .*another program reads it.*run the command again/,
    );
  } finally {
    reader.close();
  }
  expect(await handler.forget?.(isBad)).toContain('removed 0 attacks');
  expect(bytesBeside(file)).not.toContain(BAD);
});
