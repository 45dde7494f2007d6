import { OWN_TABLES, type OwnTable, type Table } from '../schema/own-tables.ts';
import type { ConnectionDetails, OwnDetails, StoredRow, StoredValue, VirusTotalReport } from './attack.ts';

/** Looks up names for numbers and uuids in rows. Each method returns columns to add to a row; an unknown name is NULL. */
export interface LookupNames {
  /** `dcerpcservice_name` for a uuid. */
  service(uuid: StoredValue | undefined): StoredRow;
  /** `dcerpcservice_name`, `dcerpcserviceop_name` and `dcerpcserviceop_vuln`. */
  operation(uuid: StoredValue | undefined, opnum: StoredValue | undefined): StoredRow;
  /** `mysql_command_op_name`. */
  command(number: StoredValue | undefined): StoredRow;
}

/** Selects the rows of a table whose column has one of these values, in rising primary key. There is at least one value. */
export interface RowQuery {
  readonly table: Table;
  readonly column: string;
  readonly values: readonly (string | number)[];
}

type Answers = readonly (readonly StoredRow[])[];
type Grouped = ReadonlyMap<StoredValue, readonly StoredRow[]>;

const none: Grouped = new Map();

// Safe: the keys of `OWN_TABLES` are the tables.
const ownTables = Object.keys(OWN_TABLES) as readonly OwnTable[];

const byConnection: readonly Table[] = [
  ...ownTables.filter((table) => table !== 'ihandler_verdicts'),
  'p0fs',
  'dcerpcbinds',
  'dcerpcrequests',
  'emu_profiles',
  'offers',
  'downloads',
  'emu_services',
  'logins',
  'mssql_fingerprints',
  'mssql_commands',
  'mysql_commands',
  'sip_commands',
  'mqtt_fingerprints',
  'mqtt_publish_commands',
  'mqtt_subscribe_commands',
];

const bySipCommand: readonly Table[] = [
  'sip_addrs',
  'sip_vias',
  'sip_sdp_origins',
  'sip_sdp_connectiondatas',
  'sip_sdp_medias',
];

function groupBy(rows: readonly StoredRow[], column: string): Grouped {
  const groups = new Map<StoredValue, StoredRow[]>();
  for (const row of rows) {
    const key = row[column] ?? null;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

/** The values of a column in all rows, each once. Only texts and numbers: other values cannot match a row. */
function valuesOf(groups: Grouped, column: string): (string | number)[] {
  const found = new Set<string | number>();
  for (const row of [...groups.values()].flat()) {
    const value = row[column];
    if (typeof value === 'string' || typeof value === 'number') found.add(value);
  }
  return [...found];
}

function lowerCase(value: StoredValue | undefined): string {
  return typeof value === 'string' ? value.toLowerCase() : '';
}

function* ask(
  queries: readonly RowQuery[],
): Generator<readonly RowQuery[], (table: Table) => Grouped, Answers> {
  const worthwhile = queries.filter(({ values }) => values.length > 0);
  const answers = worthwhile.length === 0 ? [] : yield worthwhile;
  const groups = new Map(
    worthwhile.map(({ table, column }, index) => [table, groupBy(answers[index] ?? [], column)]),
  );
  return (table) => groups.get(table) ?? none;
}

function reportsByMd5(reports: Grouped, scans: Grouped): ReadonlyMap<string, readonly VirusTotalReport[]> {
  const found = new Map<string, VirusTotalReport[]>();
  for (const [md5, rows] of reports) {
    const list = found.get(lowerCase(md5)) ?? [];
    for (const row of rows) list.push({ row, scans: scans.get(row['virustotal'] ?? null) ?? [] });
    found.set(lowerCase(md5), list);
  }
  return found;
}

/**
 * Gathers the details of many connections with one query a table. Does not access the database: it yields queries, which
 * may run in parallel, expects the rows of each in the same order, and returns a function that gives the details of one of
 * the connections.
 */
export function* gatherDetails(
  connections: readonly number[],
  names: LookupNames,
): Generator<readonly RowQuery[], (connection: number) => ConnectionDetails, Answers> {
  const own = yield* ask(byConnection.map((table) => ({ table, column: 'connection', values: connections })));
  const md5s = valuesOf(own('downloads'), 'download_md5_hash').filter((md5) => typeof md5 === 'string');
  const spellings = [...new Set(md5s.flatMap((md5) => [md5, md5.toLowerCase(), md5.toUpperCase()]))];
  const sipCommands = valuesOf(own('sip_commands'), 'sip_command');
  const under = yield* ask([
    { table: 'virustotals', column: 'virustotal_md5_hash', values: spellings },
    {
      table: 'mysql_command_args',
      column: 'mysql_command',
      values: valuesOf(own('mysql_commands'), 'mysql_command'),
    },
    ...bySipCommand.map((table) => ({ table, column: 'sip_command', values: sipCommands })),
    { table: 'ihandler_verdicts', column: 'sha256', values: valuesOf(own('ihandler_downloads'), 'sha256') },
  ]);
  const last = yield* ask([
    { table: 'virustotalscans', column: 'virustotal', values: valuesOf(under('virustotals'), 'virustotal') },
    { table: 'ihandler_verdicts', column: 'md5', values: [...new Set(md5s.map(lowerCase))] },
  ]);
  const reports = reportsByMd5(under('virustotals'), last('virustotalscans'));

  return (connection) => {
    const rows = (table: Table) => own(table).get(connection) ?? [];
    const part = (table: Table, key: StoredValue | undefined) => under(table).get(key ?? null) ?? [];
    const downloaded = new Set(rows('downloads').map((row) => lowerCase(row['download_md5_hash'])));
    const verdicts = new Map<StoredValue, StoredRow>();
    for (const { sha256 } of rows('ihandler_downloads'))
      for (const row of sha256 === null ? [] : part('ihandler_verdicts', sha256))
        verdicts.set(row['id'] ?? null, row);
    for (const md5 of downloaded)
      for (const row of last('ihandler_verdicts').get(md5) ?? []) verdicts.set(row['id'] ?? null, row);
    // The line below sets every property.
    const ours = Object.fromEntries(ownTables.map((table) => [table, rows(table)])) as OwnDetails;
    return {
      ...ours,
      ihandler_verdicts: [...verdicts.values()].sort((a, b) => Number(a['id']) - Number(b['id'])),
      p0fs: rows('p0fs'),
      dcerpcbinds: rows('dcerpcbinds').map((row) => ({ ...row, ...names.service(row['dcerpcbind_uuid']) })),
      dcerpcrequests: rows('dcerpcrequests').map((row) => ({
        ...row,
        ...names.operation(row['dcerpcrequest_uuid'], row['dcerpcrequest_opnum']),
      })),
      emu_profiles: rows('emu_profiles'),
      offers: rows('offers'),
      downloads: rows('downloads'),
      virustotals: new Map([...reports].filter(([md5]) => downloaded.has(md5))),
      emu_services: rows('emu_services'),
      logins: rows('logins'),
      mssql_fingerprints: rows('mssql_fingerprints'),
      mssql_commands: rows('mssql_commands'),
      mysql_commands: rows('mysql_commands').map((row) => ({
        row: { ...row, ...names.command(row['mysql_command_cmd']) },
        args: part('mysql_command_args', row['mysql_command']),
      })),
      sip_commands: rows('sip_commands').map((row) => {
        const key = row['sip_command'];
        return {
          row,
          addrs: part('sip_addrs', key),
          vias: part('sip_vias', key),
          origins: part('sip_sdp_origins', key),
          connectiondatas: part('sip_sdp_connectiondatas', key),
          medias: part('sip_sdp_medias', key),
        };
      }),
      mqtt_fingerprints: rows('mqtt_fingerprints'),
      mqtt_publish_commands: rows('mqtt_publish_commands'),
      mqtt_subscribe_commands: rows('mqtt_subscribe_commands'),
    };
  };
}
