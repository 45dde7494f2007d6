import { stripUuid } from '../log-incident/strip-uuid.ts';
import { toInteger } from './cells.ts';
import { findFingerprint, findLogin } from './identify/find-login.ts';
import { findMysqlCommand } from './identify/find-mysql-command.ts';
import { findService } from './identify/find-service.ts';
import { findSipCommand } from './identify/find-sip-command.ts';
import { findVirustotal } from './identify/find-virustotal.ts';
import { plain, prefixed, type TableMapping, type TableRow, withConnection } from './mapping.ts';

const prefix = 'dionaea.modules.python';
const services = {
  columns: { url: ['emu_service_url'] },
  withoutConnection: 'allowed',
  find: findService,
} as const;

/** A plain mapping whose cells are put right first. */
function repaired(mapping: TableMapping, repair: (row: TableRow) => TableRow['cells']): TableMapping {
  return { ...mapping, find: (row) => mapping.find({ ...row, cells: repair(row) }) };
}

function bareUuids({ cells }: TableRow): TableRow['cells'] {
  // Safe: stripUuid gives back a string for a string and the value itself for anything else.
  return Object.fromEntries(
    Object.entries(cells).map(([key, value]) => [key, stripUuid(value) as typeof value]),
  );
}

function requests(table: string, column: string): TableMapping {
  const columns = prefixed(column, 'uuid', 'opnum', 'stub_data');
  return repaired(plain(table, `${prefix}.smb.dcerpc.request`, columns), (row) => {
    const { stub_data = null, ...cells } = bareUuids(row);
    return stub_data === null ? cells : { ...cells, stub_data };
  });
}

/** p0f says everything as text; SQLite made numbers of some. */
function asText({ cells }: TableRow): TableRow['cells'] {
  return Object.fromEntries(
    Object.entries(cells).map(([key, value]) => [key, typeof value === 'number' ? String(value) : value]),
  );
}

/**
 * The tables of dionaea's log_sqlite, of its old layouts and of the living fork, with how their rows become incidents.
 * Rows of
 * `mssql_fingerprints` are told with their `logins`, and what hangs on commands and reports with those.
 */
export const tableMappings: readonly TableMapping[] = [
  repaired(
    plain('dcerpcbinds', `${prefix}.smb.dcerpc.bind`, prefixed('dcerpcbind', 'uuid', 'transfersyntax')),
    bareUuids,
  ),
  requests('dcerpcrequests', 'dcerpcrequest'),
  requests('dcerpcs', 'dcerpc'),
  plain('emu_profiles', 'dionaea.module.emu.profile', { profile: ['emu_profile_json'] }),
  { table: 'emu_services', ...services },
  { table: 'emu_services_old', ...services },
  plain('offers', 'dionaea.download.offer', { url: ['offer_url'] }, 'allowed'),
  {
    table: 'downloads',
    columns: { url: ['download_url'], md5hash: ['download_md5_hash'] },
    withoutConnection: 'allowed',
    // dionaea names a sample by its hash, in a folder that the database does not know.
    find: (row) => ({
      origin: 'dionaea.download.complete.hash',
      data: { ...withConnection(row), file: row.cells['md5hash'] ?? null },
    }),
  },
  repaired(
    plain(
      'p0fs',
      `${prefix}.p0f`,
      prefixed('p0f', 'genre', 'link', 'detail', 'uptime', 'tos', 'dist', 'nat', 'fw'),
    ),
    asText,
  ),
  {
    table: 'logins',
    columns: prefixed('login', 'username', 'password'),
    withoutConnection: 'rejected',
    find: findLogin,
  },
  { table: 'mssql_fingerprints', columns: {}, withoutConnection: 'rejected', find: findFingerprint },
  plain('mssql_commands', `${prefix}.mssql.cmd`, prefixed('mssql_command', 'status', 'cmd')),
  {
    table: 'mysql_commands',
    columns: { command: ['mysql_command_cmd'] },
    withoutConnection: 'rejected',
    find: findMysqlCommand,
  },
  {
    table: 'sip_commands',
    columns: prefixed('sip_command', 'method', 'call_id', 'user_agent', 'allow'),
    withoutConnection: 'rejected',
    find: findSipCommand,
  },
  plain(
    'mqtt_fingerprints',
    `${prefix}.mqtt.connect`,
    prefixed('mqtt_fingerprint', 'clientid', 'willtopic', 'willmessage', 'username', 'password'),
  ),
  plain('mqtt_publish_commands', `${prefix}.mqtt.publish`, {
    publishtopic: ['mqtt_publish_command_topic'],
    publishmessage: ['mqtt_publish_command_message'],
  }),
  repaired(
    plain('mqtt_subscribe_commands', `${prefix}.mqtt.subscribe`, {
      subscribemessageid: ['mqtt_subscribe_command_messageid'],
      subscribetopic: ['mqtt_subscribe_command_topic'],
    }),
    ({ cells }) => ({
      ...cells,
      subscribemessageid: toInteger(cells['subscribemessageid']) ?? cells['subscribemessageid'] ?? null,
    }),
  ),
  plain(
    'http_requests',
    `${prefix}.http.request`,
    prefixed('http_request', 'method', 'path', 'version', 'headers', 'body'),
  ),
  plain(
    'nbns_queries',
    `${prefix}.nbns.query`,
    prefixed(
      'nbns_query',
      'name',
      'suffix',
      'suffix_name',
      'opcode',
      'opcode_name',
      'qtype',
      'qtype_name',
      'is_wpad',
    ),
  ),
  {
    table: 'virustotals',
    columns: {
      md5hash: ['virustotal_md5_hash'],
      timestamp: ['virustotal_timestamp'],
      permalink: ['virustotal_permalink'],
    },
    withoutConnection: 'allowed',
    find: findVirustotal,
  },
];
