import { join } from 'node:path';
import type { Incident } from '@ihandler/core';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import dionaea from '../index.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { misfitOf } from '../testing/misfit-of.ts';
import { runSource } from '../testing/run-source.ts';

const connections = `CREATE TABLE connections (connection INTEGER PRIMARY KEY, connection_type TEXT,
  connection_transport TEXT, connection_protocol TEXT, connection_timestamp INTEGER, connection_root INTEGER,
  connection_parent INTEGER, local_host TEXT, local_port INTEGER, remote_host TEXT, remote_hostname TEXT,
  remote_port INTEGER);`;

function accept(id: number, protocol: string, parent: number | null = null): string {
  return `INSERT INTO connections VALUES (${id}, 'accept', 'tcp', '${protocol}', ${1000 + id}, ${id}, ${parent},
    '10.0.0.1', 445, '10.0.0.2', NULL, 4000);`;
}

async function read(...sql: readonly string[]) {
  const file = join(temporaryFolder(), 'logsql.sqlite');
  const db = new Sqlite(file);
  db.exec([connections, ...sql].join('\n'));
  db.close();
  return { file, ...(await runSource(dionaea({ file, sensor: 'old' }))) };
}

function of(incidents: readonly Incident[], origin: RegExp): (Incident['data'] & { origin?: string })[] {
  return incidents
    .filter((incident) => origin.test(incident.origin))
    .map(({ data: { connection, ...data } }) => data as Incident['data']);
}

describe('the tables of dionaea databases', () => {
  it('of old versions are read: dcerpcs, downloads, emu_services and emu_services_old', async () => {
    const { incidents, rejects } = await read(
      accept(1, 'smbd'),
      `CREATE TABLE dcerpcs (dcerpc INTEGER PRIMARY KEY, connection INTEGER, dcerpc_uuid TEXT, dcerpc_opnum INTEGER);
       INSERT INTO dcerpcs VALUES (1, 1, '4b324fc8-1670-01d3-1278-5a47bf6ee188', 31);
       CREATE TABLE downloads (downloads INTEGER PRIMARY KEY, connection INTEGER, download_url TEXT, download_md5_hash TEXT);
       INSERT INTO downloads VALUES (7, 1, 'http://x/a', '1d419d615dbe5a238bbaa569b3829a23');
       CREATE TABLE emu_services (emu_service INTEGER PRIMARY KEY, connection INTEGER, emu_service_url TEXT);
       INSERT INTO emu_services VALUES (1, 1, 'bindshell://1957');
       CREATE TABLE emu_services_old (emu_serivce INTEGER PRIMARY KEY, connection INTEGER, emu_service_url TEXT);
       INSERT INTO emu_services_old VALUES (1, 1, 'connectbackshell://::1:4444'), (2, 1, 'mystery');`,
    );
    expect(of(incidents, /request|hash|shell/)).toEqual([
      { uuid: '4b324fc8-1670-01d3-1278-5a47bf6ee188', opnum: 31 },
      { port: 1957 },
      { host: '::1', port: 4444 },
      {
        url: 'http://x/a',
        md5hash: '1d419d615dbe5a238bbaa569b3829a23',
        file: '1d419d615dbe5a238bbaa569b3829a23',
      },
    ]);
    expect(rejects).toMatchObject([
      { offset: 2, reason: expect.stringMatching(/^Table emu_services_old, row 2: /) },
    ]);
    expect(incidents.every((incident) => misfitOf(incident) === undefined)).toBe(true);
  });

  it('of the maintained fork are read: HTTP and NetBIOS requests, stub data, names after uuids', async () => {
    const { incidents } = await read(
      accept(1, 'httpd'),
      `CREATE TABLE http_requests (http_request INTEGER PRIMARY KEY, connection INTEGER, http_request_method TEXT,
         http_request_path TEXT, http_request_version TEXT, http_request_headers TEXT, http_request_body TEXT);
       INSERT INTO http_requests VALUES (1, 1, 'GET', '/../etc', 'HTTP/1.1', '{"a": "b"}', X'ff00');
       CREATE TABLE nbns_queries (nbns_query INTEGER PRIMARY KEY, connection INTEGER, nbns_query_name TEXT,
         nbns_query_suffix INTEGER, nbns_query_suffix_name TEXT, nbns_query_opcode INTEGER,
         nbns_query_opcode_name TEXT, nbns_query_qtype INTEGER, nbns_query_is_wpad INTEGER);
       INSERT INTO nbns_queries VALUES (1, 1, 'WPAD', 0, 'Workstation', 0, 'Query', 32, 1);
       CREATE TABLE dcerpcrequests (dcerpcrequest INTEGER PRIMARY KEY, connection INTEGER,
         dcerpcrequest_uuid TEXT, dcerpcrequest_opnum INTEGER, dcerpcrequest_stub_data BLOB);
       INSERT INTO dcerpcrequests VALUES (1, 1, '4b324fc8-1670-01d3-1278-5a47bf6ee188 (SRVSVC)', 31, X'ff'),
         (2, 1, '4b324fc8-1670-01d3-1278-5a47bf6ee188', 31, NULL);`,
    );
    expect(of(incidents, /request|query/)).toEqual([
      { uuid: '4b324fc8-1670-01d3-1278-5a47bf6ee188', opnum: 31, stub_data: new Uint8Array([0xff]) },
      { uuid: '4b324fc8-1670-01d3-1278-5a47bf6ee188', opnum: 31 },
      {
        method: 'GET',
        path: '/../etc',
        version: 'HTTP/1.1',
        headers: '{"a": "b"}',
        body: new Uint8Array([0xff, 0]),
      },
      {
        name: 'WPAD',
        suffix: 0,
        suffix_name: 'Workstation',
        opcode: 0,
        opcode_name: 'Query',
        qtype: 32,
        is_wpad: 1,
      },
    ]);
    expect(incidents.every((incident) => misfitOf(incident) === undefined)).toBe(true);
  });

  it('without an index still give arguments and fingerprints with their rows', async () => {
    const { incidents, rejects } = await read(
      accept(1, 'mssqld'),
      accept(2, 'mysqld'),
      accept(3, 'epmapper'),
      `CREATE TABLE logins (login INTEGER PRIMARY KEY, connection INTEGER, login_username TEXT, login_password TEXT);
       INSERT INTO logins VALUES (1, 1, 'sa', 'a'), (2, 2, X'72ff', ''), (3, 1, 'sa', 'b'), (4, 1, 'sa', 'c'), (5, 3, NULL, 'x');
       CREATE TABLE mssql_fingerprints (mssql_fingerprint INTEGER PRIMARY KEY, connection INTEGER,
         mssql_fingerprint_hostname TEXT, mssql_fingerprint_appname TEXT, mssql_fingerprint_cltintname TEXT);
       INSERT INTO mssql_fingerprints VALUES (1, 1, 'h1', 'a1', 'c1'), (2, 1, 'h2', 'a2', 'c2'), (3, 2, 'h3', 'a3', 'c3');
       CREATE TABLE mysql_commands (mysql_command INTEGER PRIMARY KEY, connection INTEGER, mysql_command_cmd NUMBER);
       INSERT INTO mysql_commands VALUES (1, 2, 3), (2, 2, 1);
       CREATE TABLE mysql_command_args (mysql_command_arg INTEGER PRIMARY KEY, mysql_command INTEGER,
         mysql_command_arg_index NUMBER, mysql_command_arg_data TEXT);
       INSERT INTO mysql_command_args VALUES (1, 1, 1, 'second'), (2, 1, 0, 'first');`,
    );
    const client = (n: number) => ({ hostname: `h${n}`, appname: `a${n}`, cltintname: `c${n}` });
    expect(of(incidents, /login/)).toEqual([
      { username: 'sa', password: 'a', ...client(1) },
      { username: new Uint8Array([0x72, 0xff]), password: '' },
      { username: 'sa', password: 'b', ...client(2) },
      { username: 'sa', password: 'c', hostname: '', appname: '', cltintname: '' },
      { username: null, password: 'x' },
    ]);
    expect(of(incidents, /command/)).toEqual([{ command: 3, args: ['first', 'second'] }, { command: 1 }]);
    expect(rejects).toMatchObject([{ offset: 3, reason: expect.stringContaining('mssql_fingerprints') }]);
  });

  it('give p0f values as text, and reports of VirusTotal with engines of any name', async () => {
    const { incidents } = await read(
      accept(1, 'smbd'),
      `CREATE TABLE p0fs (p0f INTEGER PRIMARY KEY, connection INTEGER, p0f_genre TEXT, p0f_link TEXT, p0f_detail TEXT,
         p0f_uptime INTEGER, p0f_tos TEXT, p0f_dist INTEGER, p0f_nat INTEGER, p0f_fw INTEGER);
       INSERT INTO p0fs VALUES (1, 1, 'Windows', 'ethernet', 'XP', -1, '', 11, 0, 0);
       CREATE TABLE virustotals (virustotal INTEGER PRIMARY KEY, virustotal_md5_hash TEXT, virustotal_timestamp INTEGER,
         virustotal_permalink TEXT);
       INSERT INTO virustotals VALUES (1, '1d41', 1286483847, 'https://vt/1');
       CREATE TABLE virustotalscans (virustotalscan INTEGER PRIMARY KEY, virustotal INTEGER, virustotalscan_scanner TEXT,
         virustotalscan_result TEXT);
       INSERT INTO virustotalscans VALUES (1, 1, 'ClamAV', 'Worm'), (2, 1, '__proto__', NULL), (3, 2, 'lost', 'x');`,
    );
    expect(of(incidents, /p0f/)).toEqual([
      {
        genre: 'Windows',
        link: 'ethernet',
        detail: 'XP',
        uptime: '-1',
        tos: '',
        dist: '11',
        nat: '0',
        fw: '0',
      },
    ]);
    const report = incidents.at(-1);
    expect(report?.timestamp).toBe(1286483847000);
    expect(JSON.parse(JSON.stringify(report?.data))).toEqual(
      JSON.parse(`{"md5hash": "1d41", "report": {"response_code": 1, "permalink": "https://vt/1",
        "scan_date": "2010-10-07 20:37:27", "scans": {"ClamAV": {"detected": true, "result": "Worm"},
        "__proto__": {"detected": false, "result": null}}}}`),
    );
    expect(incidents.every((incident) => misfitOf(incident) === undefined)).toBe(true);
  });

  it('may be connections alone, of any type and with unknown values', async () => {
    const { incidents } = await read(
      `INSERT INTO connections (connection, connection_type, connection_transport, connection_timestamp)
       VALUES (1, 'reject', 'tcp', '1286483847.5'), (2, 'pending', 'tcp', '2010-10-07 20:37:27'), (3, NULL, X'00', NULL),
         (4, 'accept; drop', 'TLS', X'ff');`,
    );
    const nowhere = { host: '', port: 0 };
    expect(incidents.map(({ origin, timestamp }) => [origin, timestamp])).toEqual([
      ['dionaea.connection.tcp.reject', 1286483847500],
      ['dionaea.connection.tcp.pending', 1286483847000],
      ['dionaea.connection._.unknown', 1286483847500],
      ['dionaea.connection.TLS.accept__drop', 1286483847500],
    ]);
    expect(incidents[0]?.data).toEqual({
      connection: {
        id: incidents[0]?.id,
        protocol: '',
        transport: 'tcp',
        local: nowhere,
        remote: { ...nowhere, hostname: null },
      },
    });
    expect(incidents.slice(1, 2).map(misfitOf)).toEqual([undefined]);
  });
});

describe('rows without an existing connection', () => {
  it('become incidents where that is allowed, and elsewhere are left out, or rejected where none is named', async () => {
    const { incidents, rejects, file } = await read(
      accept(5, 'smbd', 5),
      accept(6, 'smbd', 99),
      accept(7, 'smbd', 8),
      accept(8, 'smbd'),
      `CREATE TABLE offers (offer INTEGER PRIMARY KEY, connection INTEGER, offer_url TEXT);
       INSERT INTO offers VALUES (1, NULL, 'http://x/'), (2, 99, 'http://y/'), (3, 6, 'http://z/');
       CREATE TABLE emu_profiles (emu_profile INTEGER PRIMARY KEY, connection INTEGER, emu_profile_json TEXT);
       INSERT INTO emu_profiles VALUES (1, 99, '[]'), (2, 6, '[]'), (3, NULL, '[]');`,
    );
    const offers = incidents.filter(({ origin }) => origin.endsWith('offer'));
    expect(offers.map(({ data, timestamp }) => [data['url'], 'connection' in data, timestamp])).toEqual([
      ['http://x/', false, 1_005_000],
      ['http://y/', false, 1_008_000],
      ['http://z/', true, 1_006_000],
    ]);
    expect(of(incidents, /profile/)).toEqual([{ profile: '[]' }]);
    const idOf = (row: number) =>
      incidents.find(({ id, origin }) => origin.endsWith('accept') && id.endsWith(`:${row}`))?.id;
    const links = incidents.filter(({ origin }) => origin.endsWith('link'));
    expect(links.map(({ data }) => data)).toMatchObject([
      { parent: { id: idOf(8) }, child: { id: idOf(7) } },
    ]);
    expect(rejects.map(({ offset, length, reason }) => [offset, length, reason.slice(0, 26)])).toEqual([
      [3, 0, 'Table emu_profiles, row 3:'],
    ]);
    expect(rejects.every((reject) => reject.file === file)).toBe(true);
  });
});

describe('20,000 rows of one connection', () => {
  it('are paired with their partners in order, in linear time', async () => {
    const count = 20_000;
    const { incidents, rejects } = await read(
      accept(1, 'mssqld'),
      `CREATE TABLE logins (login INTEGER PRIMARY KEY, connection INTEGER, login_username TEXT, login_password TEXT);
       CREATE TABLE mssql_fingerprints (mssql_fingerprint INTEGER PRIMARY KEY, connection INTEGER,
         mssql_fingerprint_hostname TEXT, mssql_fingerprint_appname TEXT, mssql_fingerprint_cltintname TEXT);
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
       INSERT INTO logins SELECT i, 1, 'u' || i, 'p' FROM n;
       INSERT INTO mssql_fingerprints SELECT login + 5, 1, 'h' || login, 'a', 'c' FROM logins;`,
    );
    const logins = of(incidents, /login/);
    expect(logins.length).toBe(count);
    expect(
      logins.filter(({ username, hostname }) => String(username).slice(1) !== String(hostname).slice(1)),
    ).toEqual([]);
    expect(rejects).toEqual([]);
  });
});
