import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Incident, parseIncidentId, silentLog } from '@ihandler/core';
import { recording } from '@ihandler/test-support/recordings';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import dionaea from '../index.ts';
import { temporaryFile, temporaryFolder } from '../testing/folder.ts';
import { countOrigins, runSource } from '../testing/run-source.ts';

const databases = ['dionaea-a', 'dionaea-c'];
const fileOf = (name: string) => recording(`${name}/log_sqlite.sqlite`);
const ids = (incidents: readonly Incident[]) => incidents.map(({ id }) => id);

function byStream(incidents: readonly Incident[]): Map<string, number[]> {
  const streams = new Map<string, number[]>();
  for (const { id } of incidents) {
    const { stream, ordinal } = parseIncidentId(id);
    streams.set(stream, [...(streams.get(stream) ?? []), ordinal]);
  }
  return streams;
}

function open(file: string): Sqlite.Database {
  const db = new Sqlite(file);
  onTestFinished(() => {
    db.close();
  });
  return db;
}

function copyOf(name: string): string {
  const file = join(temporaryFolder(), 'copy.db');
  copyFileSync(fileOf(name), file);
  return file;
}

const expectedOf: Readonly<Record<string, string>> = {
  dcerpcbinds: 'smb.dcerpc.bind',
  dcerpcrequests: 'smb.dcerpc.request',
  mssql_commands: 'mssql.cmd',
  mysql_commands: 'mysql.command',
  sip_commands: 'sip.command',
  mqtt_fingerprints: 'mqtt.connect',
  mqtt_publish_commands: 'mqtt.publish',
  mqtt_subscribe_commands: 'mqtt.subscribe',
};

describe("a dionaea's database", () => {
  it.each(databases)('gives an incident for each row of %s', async (name) => {
    const { incidents, rejects } = await runSource(dionaea({ file: fileOf(name) }));
    const db = open(copyOf(name));
    const count = (sql: string) => db.prepare(`SELECT count(*) FROM ${sql}`).pluck().get();
    const origins = countOrigins(incidents);
    for (const [table, origin] of Object.entries(expectedOf))
      expect(origins[`dionaea.modules.python.${origin}`] ?? 0).toBe(count(table));
    const sum = (...names: string[]) => names.reduce((total, origin) => total + (origins[origin] ?? 0), 0);
    const prefix = 'dionaea.modules.python';
    expect(sum(`${prefix}.ftp.login`, `${prefix}.mysql.login`, `${prefix}.mssql.login`)).toBe(
      count('logins'),
    );
    expect(sum(`${prefix}.mssql.login`)).toBe(count('mssql_fingerprints'));
    expect(sum('dionaea.download.offer')).toBe(count('offers'));
    expect(sum('dionaea.download.complete.hash')).toBe(count('downloads'));
    expect(sum('dionaea.module.emu.profile')).toBe(count('emu_profiles'));
    expect(sum('dionaea.service.shell.listen', 'dionaea.service.shell.connect')).toBe(count('emu_services'));
    expect(sum('dionaea.connection.link')).toBe(
      count('connections WHERE connection_parent IS NOT NULL AND connection_parent <> connection'),
    );
    const announced = Object.keys(origins).filter((origin) => /^dionaea\.connection\.\w+\.\w+$/.test(origin));
    expect(sum(...announced)).toBe(count('connections'));
    expect(rejects).toEqual([]);
    expect(incidents.filter(({ misfit }) => misfit !== undefined)).toEqual([]);
  });

  it('gives the same data as the JSON of the same attack, except for values that the tables lack', async () => {
    const lost = ['id', 'params', 'headers', '_params', 'fmt', 'ftpmode'];
    const sorted = (key: string, value: unknown) => {
      if (lost.includes(key)) return undefined;
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
      return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    };
    const dataOf = async (file: string) => {
      const { incidents } = await runSource(dionaea({ file }));
      return incidents
        .filter(({ origin }) => /python|offer|shell|profile/.test(origin) && !/ftp.command|pptp/.test(origin))
        .map(({ origin, data }) => JSON.stringify([origin, data], sorted))
        .sort();
    };
    const fromRows = await dataOf(fileOf('dionaea-a'));
    expect(fromRows).toEqual(await dataOf(recording('dionaea-a/log_incident.ndjson')));
    expect(fromRows.length).toBe(85);
  });

  it.each(databases)(
    'gives every table of %s in order, and children after their connection',
    async (name) => {
      const { incidents } = await runSource(dionaea({ file: fileOf(name) }));
      for (const ordinals of byStream(incidents).values())
        expect(ordinals).toEqual([...new Set(ordinals)].sort((a, b) => a - b));
      const announced = new Set<unknown>();
      for (const { origin, data } of incidents) {
        const { connection, child } = data as Record<string, { id: string } | undefined>;
        if (/^dionaea\.connection\.(tcp|tls|udp)/.test(origin)) announced.add(connection?.id);
        else expect(announced).toContain((connection ?? child)?.id);
      }
    },
  );

  it('gives the same ids when it is renamed, gzipped or read twice', async () => {
    const expected = (await runSource(dionaea({ file: fileOf('dionaea-c') }))).incidents;
    const zipped = temporaryFile(gzipSync(readFileSync(fileOf('dionaea-c'))), 'x');
    const before = readdirSync(tmpdir()).filter((file) => file.startsWith('ihandler-dionaea-'));
    for (const file of [copyOf('dionaea-c'), zipped])
      expect((await runSource(dionaea({ file }))).incidents).toEqual(expected);
    const after = readdirSync(tmpdir()).filter((file) => file.startsWith('ihandler-dionaea-'));
    expect(after.filter((file) => !before.includes(file))).toEqual([]);
  });

  it('that is gzipped leaves no temporary copy when the signal aborts', async () => {
    const file = temporaryFile(gzipSync(readFileSync(fileOf('dionaea-c'))));
    const copies = () => readdirSync(tmpdir()).filter((name) => name.startsWith('ihandler-dionaea-'));
    const before = copies();
    const stop = new AbortController();
    await runSource(dionaea({ file }), {}, () => ({
      signal: stop.signal,
      async report() {
        stop.abort();
      },
    }));
    expect(copies().filter((name) => !before.includes(name))).toEqual([]);
  });

  it('can be resumed after any incident, table by table', async () => {
    const file = fileOf('dionaea-a');
    const all = (await runSource(dionaea({ file }))).incidents;
    await fc.assert(
      fc.asyncProperty(fc.nat(all.length), async (count) => {
        const checkpoint = Object.fromEntries(
          [...byStream(all.slice(0, count))].map(([stream, ordinals]) => [stream, ordinals.at(-1) ?? 0]),
        );
        const read = await runSource(dionaea({ file }), checkpoint);
        // Without a state of the earlier run, it reports links before the checkpoint again, which handlers ignore.
        const known = new Set(all.map(({ id }) => id));
        const [incidents, others] = [
          read.incidents.filter(({ id }) => known.has(id)),
          read.incidents.filter(({ id }) => !known.has(id)),
        ];
        expect(others.every(({ origin }) => origin === 'dionaea.connection.link')).toBe(true);
        expect(byStream(incidents)).toEqual(byStream(all.slice(count)));
        expect(new Set(ids(incidents))).toEqual(new Set(ids(all.slice(count))));
      }),
      { numRuns: 40 },
    );
  });

  it('that has grown gives only its new rows', async () => {
    const file = copyOf('dionaea-a');
    const first = await runSource(dionaea({ file }));
    const db = open(file);
    db.exec(`INSERT INTO connections (connection_type, connection_transport, connection_protocol,
        connection_timestamp, connection_parent, local_host, local_port, remote_host, remote_hostname, remote_port)
      VALUES ('accept', 'tcp', 'smbd', 1795330000.5, 3, 'a', 1, 'b', '', 2);
      INSERT INTO offers (connection, offer_url) VALUES (57, 'http://x/'), (2, 'http://y/')`);
    const second = await runSource(dionaea({ file }), first.checkpoint, undefined, first.state);
    expect(second.incidents.map(({ origin, timestamp }) => [origin, timestamp > 1795329999e3])).toEqual([
      ['dionaea.connection.tcp.accept', true],
      ['dionaea.connection.link', true],
      ['dionaea.download.offer', true],
      ['dionaea.download.offer', false],
    ]);
  });

  it('is never locked while incidents are handled', async () => {
    const file = copyOf('dionaea-a');
    const db = open(file);
    db.pragma('busy_timeout = 0');
    const insert = db.prepare('INSERT INTO offers (connection, offer_url) VALUES (1, ?)');
    db.transaction(() => {
      for (let n = 0; n < 4000; n += 1) insert.run(String(n));
    })();
    let writes = 0;
    const { incidents } = await runSource(dionaea({ file }), {}, (result) => ({
      async report(batch) {
        if (batch.length === 0) return;
        result.incidents.push(...batch);
        writes += insert.run('while reading').changes;
      },
    }));
    expect(writes).toBe(5);
    expect(incidents.length).toBe(151 + 4000);
    expect(readdirSync(join(file, '..'))).toEqual(['copy.db']);
  });
});

describe('a database that is locked', () => {
  it('is retried for 30 seconds by the clock of the host, then the run fails', async () => {
    const file = copyOf('dionaea-a');
    open(file).exec('BEGIN EXCLUSIVE');
    let clock = 0;
    const failure = runSource(dionaea({ file }), {}, () => ({
      now: () => {
        clock += 10_000;
        return clock;
      },
    }));
    await expect(failure).rejects.toMatchObject({
      code: 'TARGET_UNREADABLE',
      message: expect.stringContaining(file),
    });
    await expect(failure).rejects.toThrow(/has locked this database for 30 seconds/);
    expect(clock).toBeGreaterThanOrEqual(40_000);
  });

  it('is reported within two seconds, and read when it is unlocked', async () => {
    const file = copyOf('dionaea-a');
    const db = open(file);
    db.exec('BEGIN EXCLUSIVE');
    const start = performance.now();
    let reported = 0;
    const { incidents, warnings } = await runSource(dionaea({ file }), {}, (output) => ({
      log: {
        ...silentLog,
        warn(message) {
          output.warnings.push(message);
          reported = performance.now() - start;
          db.exec('COMMIT');
        },
      },
    }));
    expect(warnings).toEqual(['another program has locked the database: waiting']);
    expect(reported).toBeLessThan(2000);
    expect(incidents.length).toBe(151);
  });

  it('is read as soon as it is unlocked', async () => {
    const file = copyOf('dionaea-a');
    const db = open(file);
    db.exec('BEGIN EXCLUSIVE');
    let asked = 0;
    const { incidents, warnings } = await runSource(dionaea({ file }), {}, () => ({
      now: () => {
        asked += 1;
        if (asked === 2) db.exec('COMMIT');
        return 0;
      },
    }));
    expect(incidents.length).toBe(151);
    expect(warnings).toEqual([]);
  });

  it('is not retried after the signal has aborted', async () => {
    const file = copyOf('dionaea-a');
    open(file).exec('BEGIN EXCLUSIVE');
    const stop = new AbortController();
    const { incidents } = await runSource(dionaea({ file }), {}, () => ({
      signal: stop.signal,
      now: () => {
        stop.abort();
        return 0;
      },
    }));
    expect(incidents).toEqual([]);
  });
});

describe('a file that is not a database of dionaea', () => {
  it('is refused: a database of another program, an empty or damaged file, a text', async () => {
    const other = join(temporaryFolder(), 'places.sqlite');
    open(other).exec('CREATE TABLE connections (name TEXT)');
    await expect(runSource(dionaea({ file: other }))).rejects.toThrow(
      /does not have the table "connections" of dionaea/,
    );
    const empty = temporaryFile('', 'empty.sqlite');
    await expect(runSource(dionaea({ file: empty, format: 'database' }))).rejects.toThrow(
      /does not have the table "connections"/,
    );
    const text = temporaryFile('hello '.repeat(1000), 'text.sqlite');
    await expect(runSource(dionaea({ file: text, format: 'database' }))).rejects.toThrow(
      /this is not an SQLite database/,
    );
    const bytes = readFileSync(fileOf('dionaea-a'));
    bytes.fill(0xff, 2048, bytes.length - 4096);
    const damaged = temporaryFile('', 'damaged.sqlite');
    writeFileSync(damaged, bytes);
    for (const file of [other, damaged])
      await expect(runSource(dionaea({ file }))).rejects.toMatchObject({
        code: 'TARGET_UNREADABLE',
        message: expect.stringContaining(file),
      });
  });
});
