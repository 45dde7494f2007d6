import { stripUuid } from '../../log-incident/strip-uuid.ts';
import { toInteger } from '../cells.ts';
import { plain, prefixed, type TableMapping, type TableRow, withConnection } from './mapping.ts';
import { readFingerprint, readLogin } from './read-login.ts';
import { readMysqlCommand } from './read-mysql-command.ts';
import { readService } from './read-service.ts';
import { readSipCommand } from './read-sip-command.ts';
import { readVirustotal } from './read-virustotal.ts';

const prefix = 'dionaea.modules.python';
const services = {
  columns: { url: ['emu_service_url'] },
  withoutConnection: 'allowed',
  read: readService,
} as const;

/** A mapping that first corrects the cells of each row. */
function corrected(mapping: TableMapping, correct: (row: TableRow) => TableRow['cells']): TableMapping {
  return { ...mapping, read: (row) => mapping.read({ ...row, cells: correct(row) }) };
}

function bareUuids({ cells }: TableRow): TableRow['cells'] {
  // Safe: stripUuid returns a string for a string and any other value unchanged.
  return Object.fromEntries(
    Object.entries(cells).map(([key, value]) => [key, stripUuid(value) as typeof value]),
  );
}

function requests(table: string, column: string): TableMapping {
  const columns = prefixed(column, 'uuid', 'opnum', 'stub_data');
  return corrected(plain(table, `${prefix}.smb.dcerpc.request`, columns), (row) => {
    const { stub_data = null, ...cells } = bareUuids(row);
    return stub_data === null ? cells : { ...cells, stub_data };
  });
}

/** p0f reports every value as text; SQLite stored some of them as numbers. */
function asText({ cells }: TableRow): TableRow['cells'] {
  return Object.fromEntries(
    Object.entries(cells).map(([key, value]) => [key, typeof value === 'number' ? String(value) : value]),
  );
}

/**
 * The tables of dionaea's log_sqlite, of its old layouts and of the maintained fork, and how their rows become incidents.
 * Rows of `mssql_fingerprints` are part of the incidents of `logins`; arguments and scans are part of the incidents of
 * their commands and reports.
 */
export const tableMappings: readonly TableMapping[] = [
  corrected(
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
    // dionaea names a sample by its hash. The database does not hold the folder.
    read: (row) => ({
      origin: 'dionaea.download.complete.hash',
      data: { ...withConnection(row), file: row.cells['md5hash'] ?? null },
    }),
  },
  corrected(
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
    read: readLogin,
  },
  { table: 'mssql_fingerprints', columns: {}, withoutConnection: 'rejected', read: readFingerprint },
  plain('mssql_commands', `${prefix}.mssql.cmd`, prefixed('mssql_command', 'status', 'cmd')),
  {
    table: 'mysql_commands',
    columns: { command: ['mysql_command_cmd'] },
    withoutConnection: 'rejected',
    read: readMysqlCommand,
  },
  {
    table: 'sip_commands',
    columns: prefixed('sip_command', 'method', 'call_id', 'user_agent', 'allow'),
    withoutConnection: 'rejected',
    read: readSipCommand,
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
  corrected(
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
    read: readVirustotal,
  },
];
