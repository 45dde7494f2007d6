import type { ConnectionDetails, Stored, StoredRow, Table, VirusTotalReport } from '@ihandler/attack-log';
import type { Client } from 'pg';
import type { Names } from './names.ts';
import { selectRows } from './select-rows.ts';
import type { Restore } from './whole-values.ts';

type Grouped = ReadonlyMap<Stored, readonly StoredRow[]>;

function groupBy(rows: readonly StoredRow[], column: string): Grouped {
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

/** Reads what hangs on connections: for many at once, so that a query is made once a table and not once a connection. */
export async function readDetails(
  client: Client,
  schema: string,
  names: Names,
  restore: Restore,
  connections: readonly number[],
): Promise<(connection: number) => ConnectionDetails> {
  async function find(table: Table, column: string, values: readonly (number | string)[]): Promise<Grouped> {
    return groupBy(restore(table, await selectRows(client, schema, table, column, values)), column);
  }
  const of = (table: Table) => find(table, 'connection', connections);
  const keys = (groups: Grouped, column: string): number[] =>
    [...groups.values()].flatMap((rows) => rows.map((row) => Number(row[column])));

  async function readReports(downloads: Grouped): Promise<ReadonlyMap<string, VirusTotalReport[]>> {
    const md5s = [...downloads.values()].flatMap((rows) => rows.map((row) => row['download_md5_hash']));
    const texts = md5s.filter((md5) => typeof md5 === 'string');
    const spellings = [...new Set(texts.flatMap((md5) => [md5, md5.toLowerCase(), md5.toUpperCase()]))];
    const reports = await find('virustotals', 'virustotal_md5_hash', spellings);
    const scans = await find('virustotalscans', 'virustotal', keys(reports, 'virustotal'));
    const found = new Map<string, VirusTotalReport[]>();
    for (const [md5, rows] of reports) {
      const list = found.get(lowerCase(md5)) ?? [];
      for (const row of rows) list.push({ row, scans: scans.get(row['virustotal'] ?? null) ?? [] });
      found.set(lowerCase(md5), list);
    }
    return found;
  }

  const [p0fs, binds, requests, profiles, offers, downloads, services, logins] = await Promise.all(
    (
      [
        'p0fs',
        'dcerpcbinds',
        'dcerpcrequests',
        'emu_profiles',
        'offers',
        'downloads',
        'emu_services',
        'logins',
      ] as const
    ).map(of),
  );
  const [mssqlFingerprints, mssqlCommands, mysql, sip, mqttFingerprints, published, subscribed] =
    await Promise.all(
      (
        [
          'mssql_fingerprints',
          'mssql_commands',
          'mysql_commands',
          'sip_commands',
          'mqtt_fingerprints',
          'mqtt_publish_commands',
          'mqtt_subscribe_commands',
        ] as const
      ).map(of),
    );
  const none: Grouped = new Map();
  const sipKeys = keys(sip ?? none, 'sip_command');
  const [reports, args, addrs, vias, origins, connectiondatas, medias] = await Promise.all([
    readReports(downloads ?? none),
    find('mysql_command_args', 'mysql_command', keys(mysql ?? none, 'mysql_command')),
    find('sip_addrs', 'sip_command', sipKeys),
    find('sip_vias', 'sip_command', sipKeys),
    find('sip_sdp_origins', 'sip_command', sipKeys),
    find('sip_sdp_connectiondatas', 'sip_command', sipKeys),
    find('sip_sdp_medias', 'sip_command', sipKeys),
  ]);

  return (connection) => {
    const rows = (groups: Grouped | undefined) => groups?.get(connection) ?? [];
    const part = (groups: Grouped, key: Stored | undefined) => groups.get(key ?? null) ?? [];
    const md5s = new Set(rows(downloads).map((row) => lowerCase(row['download_md5_hash'])));
    return {
      p0fs: rows(p0fs),
      dcerpcbinds: rows(binds).map((row) => ({ ...row, ...names.service(row['dcerpcbind_uuid']) })),
      dcerpcrequests: rows(requests).map((row) => ({
        ...row,
        ...names.operation(row['dcerpcrequest_uuid'], row['dcerpcrequest_opnum']),
      })),
      emu_profiles: rows(profiles),
      offers: rows(offers),
      downloads: rows(downloads),
      virustotals: new Map([...reports].filter(([md5]) => md5s.has(md5))),
      emu_services: rows(services),
      logins: rows(logins),
      mssql_fingerprints: rows(mssqlFingerprints),
      mssql_commands: rows(mssqlCommands),
      mysql_commands: rows(mysql).map((row) => ({
        row: { ...row, ...names.command(row['mysql_command_cmd']) },
        args: part(args, row['mysql_command']),
      })),
      sip_commands: rows(sip).map((row) => {
        const key = row['sip_command'];
        return {
          row,
          addrs: part(addrs, key),
          vias: part(vias, key),
          origins: part(origins, key),
          connectiondatas: part(connectiondatas, key),
          medias: part(medias, key),
        };
      }),
      mqtt_fingerprints: rows(mqttFingerprints),
      mqtt_publish_commands: rows(published),
      mqtt_subscribe_commands: rows(subscribed),
    };
  };
}
