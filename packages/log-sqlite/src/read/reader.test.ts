import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type AttackFilter, type ConnectionNode, formatAttack, formatManual } from '@ihandler/attack-log';
import { stream } from '@ihandler/test-support/attacks';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { attacksIn, dionaeaDatabase, recorded, shape } from '../testing/read-attacks.ts';
import { startHandler, temporaryFolder } from '../testing/start-handler.ts';
import { openAttackReader } from './reader.ts';

/** A database of dionaea with only these connections: number, root, parent, time. */
function forest(...rows: [number, number | null, number | null, number | null][]): string {
  const values = rows.map((row) => `(${row.map((cell) => cell ?? 'NULL').join(', ')}, 'accept')`);
  return dionaeaDatabase(`DROP TRIGGER connections_INSERT_update_connection_root_trg; DELETE FROM connections;
    INSERT INTO connections (connection, connection_root, connection_parent, connection_timestamp, connection_type)
    VALUES ${values.join(', ')}`);
}

describe('the reader of a database that dionaea wrote', () => {
  it('reads all its attacks, and leaves it unchanged', async () => {
    const file = dionaeaDatabase();
    const [bytes, { mtimeMs }] = [readFileSync(file), statSync(file)];
    const attacks = await attacksIn(file);
    const connections = (nodes: readonly ConnectionNode[]): number =>
      nodes.reduce((sum, node) => sum + 1 + connections(node.children), 0);
    expect(connections(attacks)).toBe(56);
    expect(attacks.some(({ children }) => children.length > 0)).toBe(true);
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(statSync(file).mtimeMs).toBe(mtimeMs);
    expect(readdirSync(dirname(file))).toEqual(['dionaea.sqlite']);
    for (const attack of attacks) expect(formatAttack(attack)).toContain('connection');
  });

  it('adds the names of services, operations and commands', async () => {
    const text = (await attacksIn(recorded)).map((attack) => formatAttack(attack)).join('');
    expect(text).toMatch(/NetShareEnumAll|NetShareEnum|SRVSVC/);
    expect(text).toContain('COM_QUERY');
  });

  it('reads a gzipped copy', async () => {
    const file = join(temporaryFolder(), 'dionaea.sqlite.gz');
    writeFileSync(file, gzipSync(readFileSync(recorded)));
    expect(shape(await attacksIn(file))).toBe(shape(await attacksIn(recorded)));
  });

  it('summarizes it', async () => {
    const reader = await openAttackReader(recorded);
    const summary = await reader.summary();
    await reader.close();
    expect(summary).toMatchObject({ connections: 56, logins: 12, offers: 5, downloads: 1 });
    expect(summary.attacks).toBe((await attacksIn(recorded)).length);
    expect(summary.credentials[0]?.value).toHaveLength(2);
    expect(summary.protocols[0]?.count).toBeGreaterThan(1);
    expect(summary.first).toBeLessThan(summary.last ?? 0);
    expect(summary.first).toBeGreaterThan(Date.UTC(2020));
  });
});

describe('the reader', () => {
  it('returns attacks in order of time, then of number', async () => {
    expect(shape(await attacksIn(forest([1, 1, null, 30], [2, 2, null, 10], [3, 3, null, 10])))).toBe(
      '2 3 1',
    );
  });

  it('finds attacks with an unknown root, a connection that is its own parent, or a cycle of parents', async () => {
    const file = forest(
      ...(
        [
          [1, null, null, 1],
          [2, null, 1, 2],
          [3, null, 99, 3],
        ] as const
      ).map((row) => [...row] as never),
      ...(
        [
          [4, 9, 4, 4],
          [5, 5, 6, 5],
          [6, 5, 5, 6],
          [7, 7, null, null],
        ] as const
      ).map((row) => [...row] as never),
    );
    expect(shape(await attacksIn(file))).toBe('7 1(2) 3 4 5(6)');
  });

  it('reads attacks without the indexes, tables and columns that old versions lack', async () => {
    const file = dionaeaDatabase(`
      ALTER TABLE downloads RENAME COLUMN download TO downloads;
      DROP INDEX connections_parent_idx; DROP INDEX offers_connection_idx;
      DROP TABLE mqtt_fingerprints; DROP TABLE dcerpcserviceops; DROP TABLE dcerpcservices; DROP TABLE sip_vias;
      ALTER TABLE emu_services RENAME TO emu_services_old;
      CREATE TABLE dcerpcs (dcerpc INTEGER PRIMARY KEY, connection INTEGER, dcerpc_uuid TEXT, dcerpc_opnum INTEGER);
      INSERT INTO dcerpcs SELECT dcerpcrequest, connection, dcerpcrequest_uuid, dcerpcrequest_opnum FROM dcerpcrequests;
      DROP TABLE dcerpcrequests;
      ALTER TABLE connections DROP COLUMN remote_hostname;
    `);
    const [old, today] = [await attacksIn(file), await attacksIn(recorded)];
    const details = (
      attacks: readonly ConnectionNode[],
      kind: 'offers' | 'emu_services' | 'dcerpcrequests',
    ) => attacks.flatMap((attack) => attack.details[kind]);
    expect(shape(old)).toBe(shape(today));
    for (const kind of ['offers', 'emu_services', 'dcerpcrequests'] as const) {
      expect(details(today, kind).length, kind).toBeGreaterThan(0);
      expect(details(old, kind), kind).toEqual(details(today, kind));
    }
    expect(old[0]?.row['remote_hostname']).toBeNull();
    const reader = await openAttackReader(file);
    const twice: ConnectionNode[][] = [[], []];
    for (const attacks of twice) for await (const attack of reader.attacks()) attacks.push(attack);
    expect(twice).toEqual([old, old]);
    await reader.close();
  });

  it('selects attacks by connection, time, address, sensor and number', async () => {
    const file = join(temporaryFolder(), 'attacks.sqlite');
    const handler = await startHandler({ file });
    const [north, south] = [stream('n', 'north'), stream('s', 'south')];
    const begin = north.clock.now;
    handler.write(
      [north.accept('a'), north.accept('b'), north.link('a', 'b'), north.accept('c')],
      north.checkpoint(),
    );
    south.clock.now += 60_000;
    handler.write([south.accept('a')], south.checkpoint());
    const found = async (filter: AttackFilter) => shape(await attacksIn(file, filter));
    expect(await found({})).toBe('1(2) 3 4');
    expect(await found({ connection: 2 })).toBe('1(2)');
    expect(await found({ connection: 77 })).toBe('');
    expect(await found({ since: begin + 4000 })).toBe('3 4');
    expect(await found({ until: begin + 4000 })).toBe('1(2)');
    expect(await found({ remoteHost: '::ffff:198.51.100.7', limit: 2 })).toBe('3 4');
    expect(await found({ remoteHost: '198.51.100.8' })).toBe('');
    expect(await found({ sensor: 'south' })).toBe('4');
    expect(await found({ sensor: 'west' })).toBe('');
    expect((await attacksIn(file, { limit: 1 }))[0]?.row['sensor']).toBe('south');
    expect(await attacksIn(recorded, { sensor: 'south' })).toEqual([]);
  });

  it('finds attacks by an address that only a child or only a host name has', async () => {
    const file = join(temporaryFolder(), 'attacks.sqlite');
    await (await startHandler({ file })).close?.();
    const database = new Database(file);
    database.exec(`INSERT INTO connections
      (connection, connection_root, connection_parent, connection_timestamp, remote_host, remote_hostname) VALUES
      (1, 1, NULL, 10, '', '203.0.113.9'), (2, 2, NULL, 11, '198.51.100.1', ''), (3, 2, 2, 12, '', '203.0.113.9.example.net'),
      (4, 4, NULL, 13, '198.51.100.1', ''), (5, 4, 4, 14, '::ffff:203.0.113.9', NULL), (6, 6, NULL, 15, '203.0.113.90', '')`);
    database.close();
    const roots = await attacksIn(file, { remoteHost: '203.0.113.9' });
    expect(roots.map(({ row }) => row['connection'])).toEqual([1, 2, 4]);
  });

  it('reads any number of attacks, of any depth, in pages', async () => {
    const file = join(temporaryFolder(), 'attacks.sqlite');
    const handler = await startHandler({ file });
    const { accept, link, checkpoint } = stream();
    const ids = Array.from({ length: 3000 }, (_, n) => String(n));
    handler.write(
      ids.flatMap((id, n) => (n === 0 ? [accept(id)] : [accept(id), link(ids[n - 1] ?? '', id)])),
      checkpoint(),
    );
    const many = Array.from({ length: 333 }, (_, n) => accept(`alone-${n}`));
    handler.write(many, checkpoint());
    const attacks = await attacksIn(file);
    expect(attacks.map(({ row }) => row['connection'])).toEqual([1, ...many.map((_, n) => 3001 + n)]);
    let depth = 0;
    for (let node = attacks[0]; node !== undefined; node = node.children[0]) depth += 1;
    expect(depth).toBe(3000);
  });

  it('reads any values in the columns', async () => {
    const file = dionaeaDatabase(`
      UPDATE connections SET connection_type = NULL, connection_protocol = x'ff00', remote_host = NULL, local_port = 'x';
      UPDATE offers SET offer_url = x'1b5b324a'; UPDATE logins SET login_username = NULL, login_password = x'00ff';
      UPDATE connections SET connection_timestamp = 'yesterday' WHERE connection = 3;
      UPDATE emu_profiles SET emu_profile_json = char(27) || '[2J';
      UPDATE downloads SET download_md5_hash = NULL; UPDATE mysql_commands SET mysql_command_cmd = 1e300;
    `);
    const attacks = await attacksIn(file);
    expect(attacks.length).toBeGreaterThan(20);
    const text = attacks.map((attack) => formatAttack(attack) + formatManual(attack)).join('');
    expect(text).not.toContain('\u001b');
    const reader = await openAttackReader(file);
    expect((await reader.summary()).connections).toBe(56);
    await reader.close();
  });
});

describe('the reader of an unreadable target', () => {
  async function messageOf(file: string): Promise<string> {
    const error: unknown = await openAttackReader(file).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ name: 'IhandlerError', code: 'TARGET_UNREADABLE' });
    return String(error);
  }

  it('fails with one message that names the path', async () => {
    const folder = temporaryFolder();
    const file = (name: string, content: string | Buffer) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    expect(await messageOf(join(folder, 'no'))).toContain('no does not exist');
    expect(await messageOf(folder)).toContain('the folder');
    expect(await messageOf(file('empty', ''))).toContain('found an empty database');
    expect(await messageOf(file('text', 'hello'.repeat(500)))).toMatch(
      /expected a database with dionaea's tables, found a text file/i,
    );
    expect(await messageOf(file('json', '{"origin":"a.b"}\n'.repeat(50)))).toMatch(
      /found a file with JSON.*ihandler import/,
    );
    expect(await messageOf(file('binary', Buffer.alloc(500, 0xfe)))).toMatch(/found a binary file/);
    expect(await messageOf(file('zip', gzipSync('hello'.repeat(500))))).toContain('zip is not a SQLite');
    expect(await messageOf(file('cut.gz', gzipSync(readFileSync(recorded)).subarray(0, 9000)))).toContain(
      'Cannot unpack',
    );
    const damaged = readFileSync(recorded);
    damaged.fill(0xab, 100, 4096);
    expect(await messageOf(file('damaged', damaged))).toContain('damaged SQLite database');
    expect(readdirSync(folder).sort()).toEqual([
      'binary',
      'cut.gz',
      'damaged',
      'empty',
      'json',
      'text',
      'zip',
    ]);
  });

  it('rejects a database of a later version', async () => {
    const file = join(temporaryFolder(), 'attacks.sqlite');
    await (await startHandler({ file })).close?.();
    const later = new Database(file);
    later.exec("UPDATE ihandler_meta SET value = 2 WHERE key = 'schema_version'");
    later.close();
    expect(await messageOf(file)).toMatch(/version 2, .* up to 1/);
  });
});
