import type { Table } from '@ihandler/attack-log';
import { COLUMN_TYPES } from './column-types.ts';
import { COLUMNS, dionaeaTables } from './columns.ts';

const parents: readonly (readonly [column: string, table: string])[] = [
  ['connection', 'connections'],
  ['mysql_command', 'mysql_commands'],
  ['sip_command', 'sip_commands'],
  ['virustotal', 'virustotals'],
];

function references(table: Table, column: string): string {
  const parent = parents.find(([name, of]) => name === column && of !== table)?.[1];
  return parent === undefined ? '' : ` NOT NULL REFERENCES ${parent} ON UPDATE RESTRICT ON DELETE CASCADE`;
}

function createTable(table: Table): string {
  const columns = COLUMNS[table].map(({ name, kind }, index) =>
    index === 0 ? `${name} bigserial PRIMARY KEY` : `${name} ${COLUMN_TYPES[kind]}${references(table, name)}`,
  );
  if (table === 'connections') columns.push('sensor integer NOT NULL REFERENCES sensors');
  return `CREATE TABLE ${table} (${columns.join(', ')})`;
}

const extraIndexes: readonly (readonly [table: string, columns: string])[] = [
  ...['type', 'timestamp', 'root', 'parent'].map((name) => ['connections', `connection_${name}`] as const),
  ...['local_host', 'local_port', 'remote_host'].map((name) => ['connections', name] as const),
  ['connections', 'sensor, connection_timestamp'],
  ['dcerpcbinds', 'dcerpcbind_uuid'],
  ['dcerpcrequests', 'dcerpcrequest_uuid, dcerpcrequest_opnum'],
  ['offers', 'offer_url'],
  ['downloads', 'download_url'],
  ['downloads', 'download_md5_hash'],
  ['p0fs', 'p0f_genre'],
  ['p0fs', 'p0f_detail'],
  ['p0fs', 'p0f_uptime'],
  ['logins', 'login_username'],
  ['logins', 'login_password'],
  ['virustotals', 'virustotal_md5_hash'],
];

/** Indexes for the deletes that cascade from a parent row. */
const parentIndexes = dionaeaTables.flatMap((table) =>
  COLUMNS[table]
    .filter(({ name }) => references(table, name) !== '')
    .map(({ name }): readonly [table: string, columns: string] => [table, name]),
);

/** The indexes on dionaea's tables. */
export const DIONAEA_INDEXES: readonly string[] = [...extraIndexes, ...parentIndexes].map(
  ([table, columns]) => `CREATE INDEX ${table}_${columns.split(', ')[0]}_idx ON ${table} (${columns})`,
);

/** Tables of dionaea that its tools read, but in which no incident becomes a row. */
const lookups = [
  `CREATE TABLE resolves (resolve bigserial PRIMARY KEY,
    connection bigint REFERENCES connections ON UPDATE RESTRICT ON DELETE CASCADE,
    resolve_hostname text, resolve_type text, resolve_result text)`,
  'CREATE INDEX resolves_connection_idx ON resolves (connection)',
  `CREATE TABLE dcerpcservices (dcerpcservice serial PRIMARY KEY, dcerpcservice_uuid uuid NOT NULL UNIQUE,
    dcerpcservice_name text NOT NULL)`,
  `CREATE TABLE dcerpcserviceops (dcerpcserviceop serial PRIMARY KEY,
    dcerpcservice integer NOT NULL REFERENCES dcerpcservices, dcerpcserviceop_opnum integer NOT NULL,
    dcerpcserviceop_name text NOT NULL, dcerpcserviceop_vuln text,
    UNIQUE (dcerpcservice, dcerpcserviceop_opnum))`,
  `CREATE TABLE mysql_command_ops (mysql_command_op serial PRIMARY KEY,
    mysql_command_cmd integer NOT NULL UNIQUE, mysql_command_op_name text NOT NULL)`,
];

/** The enums of dionaea's tables. dionaea's own enums lack `pending` and `dtls`, which sensors report. */
export const DIONAEA_TYPES: readonly string[] = [
  "CREATE TYPE connection_type AS ENUM ('accept', 'connect', 'listen', 'reject', 'pending')",
  "CREATE TYPE connection_transport AS ENUM ('udp', 'tcp', 'tls', 'dtls')",
];

/** dionaea's tables. They refer to the table of sensors, and have text columns where dionaea's varchar columns reject longer texts. */
export const DIONAEA_TABLES: readonly string[] = [...dionaeaTables.map(createTable), ...lookups];
