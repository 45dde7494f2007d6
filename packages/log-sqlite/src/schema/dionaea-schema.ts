import { DIONAEA_TABLES } from './dionaea-tables.ts';

/** A table, the prefix of its columns, and the names of indexes: `<table>_<name>_idx` is on the column `<prefix><name>`. */
// biome-ignore format: a table
const indexed: readonly (readonly [table: string, prefix: string, ...names: string[]])[] = [
  ['connections', 'connection_', 'type', 'timestamp', 'root', 'parent'],
  ['connections', '', 'local_host', 'local_port', 'remote_host'],
  ['dcerpcbinds', 'dcerpcbind_', 'uuid', 'transfersyntax'],
  ['dcerpcrequests', 'dcerpcrequest_', 'uuid', 'opnum'],
  ['offers', 'offer_', 'url'],
  ['downloads', 'download_', 'url', 'md5_hash'],
  ['p0fs', 'p0f_', 'genre', 'detail', 'uptime'],
  ['logins', 'login_', 'username', 'password'],
  ['mssql_fingerprints', 'mssql_fingerprint_', 'hostname', 'appname', 'cltintname'],
  ['mssql_commands', 'mssql_command_', 'status'],
  ['virustotals', 'virustotal_', 'md5_hash'],
  ['virustotalscans', 'virustotalscan_', 'scanner', 'result'],
  ['virustotalscans', '', 'virustotal'],
  ['mqtt_fingerprints', 'mqtt_fingerprint_', 'clientid', 'willtopic', 'willmessage', 'username', 'password'],
  ['mqtt_publish_commands', 'mqtt_publish_command_', 'topic', 'message'],
  ['mqtt_subscribe_commands', 'mqtt_subscribe_command_', 'messageid', 'topic'],
  ...[
    'dcerpcbinds', 'dcerpcrequests', 'emu_profiles', 'emu_services', 'offers', 'downloads', 'p0fs', 'logins',
    'mssql_fingerprints', 'mssql_commands', 'mysql_commands', 'sip_commands', 'mqtt_fingerprints',
    'mqtt_publish_commands', 'mqtt_subscribe_commands',
  ].map((table) => [table, '', 'connection'] as const),
];

const indexes = indexed.flatMap(([table, prefix, ...names]) =>
  names.map((name) => `CREATE INDEX IF NOT EXISTS ${table}_${name}_idx ON ${table} (${prefix}${name})`),
);

/**
 * All statements of dionaea's schema, tables first. None changes an existing table. SQLite stores exactly the same text as for
 * dionaea, apart from white space and comments.
 */
export const DIONAEA_SCHEMA: readonly string[] = [
  ...DIONAEA_TABLES,
  ...indexes,
  'CREATE INDEX IF NOT EXISTS mysql_command_args_command_idx ON mysql_command_args (mysql_command)',
  `CREATE TRIGGER IF NOT EXISTS connections_INSERT_update_connection_root_trg
    AFTER INSERT ON connections
    FOR EACH ROW
    WHEN
      new.connection_root IS NULL
    BEGIN
      UPDATE connections SET connection_root = connection WHERE connection = new.connection AND new.connection_root IS NULL;
    END`,
];
