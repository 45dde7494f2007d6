import {
  type ConnectionDetails,
  type Stored,
  type StoredRow,
  TABLES,
  type Table,
  type VirusTotalReport,
} from '@ihandler/attack-log';
import type { Database, Statement } from 'better-sqlite3';
import type { Layout } from './layout.ts';
import { readNames } from './name-lookups.ts';

type Grouped = ReadonlyMap<Stored, readonly StoredRow[]>;

const none: Grouped = new Map();

function groupBy(rows: readonly StoredRow[], column: string): Map<Stored, StoredRow[]> {
  const groups = new Map<Stored, StoredRow[]>();
  for (const row of rows) {
    const key = row[column] ?? null;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

function lowerCase(value: Stored | undefined): string {
  return typeof value === 'string' ? value.toLowerCase() : '';
}

/**
 * Prepares the reading of what hangs on connections: for many connections at once, so that a query is made once a table
 * and not once a connection.
 */
export function createDetailReader(
  database: Database,
  layout: Layout,
): (connections: readonly number[]) => (connection: number) => ConnectionDetails {
  const names = readNames(database);
  const statements = new Map<string, Statement<[string], StoredRow> | undefined>();

  function prepare(table: Table, column: string): Statement<[string], StoredRow> | undefined {
    const from = layout.lookup(table, column);
    if (from === undefined) return undefined;
    return database.prepare<[string], StoredRow>(
      `SELECT * FROM ${from} WHERE ${column} IN (SELECT value FROM json_each(?)) ORDER BY ${TABLES[table][0]}`,
    );
  }

  /** The rows of a table whose column has one of these values, grouped by it, in rising primary key. */
  function find(table: Table, column: string, values: readonly Stored[]): Grouped {
    if (values.length === 0) return none;
    const id = `${table}.${column}`;
    if (!statements.has(id)) statements.set(id, prepare(table, column));
    const rows = statements.get(id)?.all(JSON.stringify(values));
    return rows === undefined || rows.length === 0 ? none : groupBy(rows, column);
  }

  /** The values of a column in all rows, each once. */
  function keys(groups: Grouped, column: string): Stored[] {
    const found = new Set<Stored>();
    for (const rows of groups.values()) for (const row of rows) found.add(row[column] ?? null);
    return [...found];
  }

  function readReports(downloads: Grouped): Map<string, VirusTotalReport[]> {
    const md5s = keys(downloads, 'download_md5_hash').filter((md5) => typeof md5 === 'string');
    const spellings = [...new Set(md5s.flatMap((md5) => [md5, md5.toLowerCase(), md5.toUpperCase()]))];
    const reports = find('virustotals', 'virustotal_md5_hash', spellings);
    const scans = find('virustotalscans', 'virustotal', keys(reports, 'virustotal'));
    const found = new Map<string, VirusTotalReport[]>();
    for (const [md5, rows] of reports) {
      const list = found.get(lowerCase(md5)) ?? [];
      for (const row of rows) list.push({ row, scans: scans.get(row['virustotal'] ?? null) ?? [] });
      found.set(lowerCase(md5), list);
    }
    return found;
  }

  return (connections) => {
    const of = (table: Table) => find(table, 'connection', connections);
    const plain = {
      p0fs: of('p0fs'),
      emu_profiles: of('emu_profiles'),
      offers: of('offers'),
      downloads: of('downloads'),
      emu_services: of('emu_services'),
      logins: of('logins'),
      mssql_fingerprints: of('mssql_fingerprints'),
      mssql_commands: of('mssql_commands'),
      mqtt_fingerprints: of('mqtt_fingerprints'),
      mqtt_publish_commands: of('mqtt_publish_commands'),
      mqtt_subscribe_commands: of('mqtt_subscribe_commands'),
    };
    const binds = of('dcerpcbinds');
    const requests = of('dcerpcrequests');
    const reports = readReports(plain.downloads);
    const mysql = of('mysql_commands');
    const args = find('mysql_command_args', 'mysql_command', keys(mysql, 'mysql_command'));
    const sip = of('sip_commands');
    const sipKeys = keys(sip, 'sip_command');
    const ofSip = (table: Table) => find(table, 'sip_command', sipKeys);
    const sipParts = {
      addrs: ofSip('sip_addrs'),
      vias: ofSip('sip_vias'),
      origins: ofSip('sip_sdp_origins'),
      connectiondatas: ofSip('sip_sdp_connectiondatas'),
      medias: ofSip('sip_sdp_medias'),
    };

    return (connection) => {
      const rows = (groups: Grouped) => groups.get(connection) ?? [];
      const part = (groups: Grouped, key: Stored | undefined) => groups.get(key ?? null) ?? [];
      const downloads = rows(plain.downloads);
      const md5s = new Set(downloads.map((row) => lowerCase(row['download_md5_hash'])));
      return {
        p0fs: rows(plain.p0fs),
        dcerpcbinds: rows(binds).map((row) => ({ ...row, ...names.service(row['dcerpcbind_uuid']) })),
        dcerpcrequests: rows(requests).map((row) => ({
          ...row,
          ...names.operation(row['dcerpcrequest_uuid'], row['dcerpcrequest_opnum']),
        })),
        emu_profiles: rows(plain.emu_profiles),
        offers: rows(plain.offers),
        downloads,
        virustotals: new Map([...reports].filter(([md5]) => md5s.has(md5))),
        emu_services: rows(plain.emu_services),
        logins: rows(plain.logins),
        mssql_fingerprints: rows(plain.mssql_fingerprints),
        mssql_commands: rows(plain.mssql_commands),
        mysql_commands: rows(mysql).map((row) => ({
          row: { ...row, ...names.command(row['mysql_command_cmd']) },
          args: part(args, row['mysql_command']),
        })),
        sip_commands: rows(sip).map((row) => {
          const key = row['sip_command'];
          return {
            row,
            addrs: part(sipParts.addrs, key),
            vias: part(sipParts.vias, key),
            origins: part(sipParts.origins, key),
            connectiondatas: part(sipParts.connectiondatas, key),
            medias: part(sipParts.medias, key),
          };
        }),
        mqtt_fingerprints: rows(plain.mqtt_fingerprints),
        mqtt_publish_commands: rows(plain.mqtt_publish_commands),
        mqtt_subscribe_commands: rows(plain.mqtt_subscribe_commands),
      };
    };
  };
}
