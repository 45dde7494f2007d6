import type { Table } from '@ihandler/attack-log';
import { COLUMNS, type Kind, keyOf, tables } from './columns.ts';

const types: Readonly<Record<Kind, string>> = {
  key: 'bigint',
  type: 'connection_type',
  transport: 'connection_transport',
  time: 'timestamptz',
  address: 'inet',
  integer: 'integer',
  uuid: 'uuid',
  text: 'text',
  indexed: 'text',
};

/** A name in quotes, as an SQL identifier. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The type of a column. Our own types are qualified with the schema. */
export function typeOf(kind: Kind, schema: string): string {
  return kind === 'type' || kind === 'transport' ? `${quoted(schema)}.${types[kind]}` : types[kind];
}

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
    index === 0 ? `${name} bigserial PRIMARY KEY` : `${name} ${types[kind]}${references(table, name)}`,
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
const parentIndexes = tables.flatMap((table) =>
  COLUMNS[table]
    .filter(({ name }) => references(table, name) !== '')
    .map(({ name }): readonly [table: string, columns: string] => [table, name]),
);

const indexes = [...extraIndexes, ...parentIndexes].map(
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

/**
 * Our own tables: the connection of each row (`connection_key`, NULL for an announcement without an identity of its own) and
 * the incident that announced it; the ids of stored incidents; waiting incidents; and values that did not fit their column.
 * Streams and connections are stored as hashes, because their names may have any length.
 */
const ours = [
  `CREATE TABLE ihandler_connections (
    connection bigint PRIMARY KEY REFERENCES connections ON UPDATE RESTRICT ON DELETE CASCADE,
    connection_key uuid, connection_id text NOT NULL, stream bigint NOT NULL, ordinal bigint NOT NULL)`,
  `CREATE INDEX ihandler_connections_key_idx ON ihandler_connections (connection_key)
    WHERE connection_key IS NOT NULL`,
  `CREATE TABLE ihandler_ids (stream bigint, ordinal bigint, day integer NOT NULL,
    PRIMARY KEY (stream, ordinal))`,
  'CREATE INDEX ihandler_ids_day_idx ON ihandler_ids USING brin (day) WITH (pages_per_range = 32)',
  'CREATE TABLE ihandler_floors (stream bigint PRIMARY KEY, ordinal bigint NOT NULL)',
  `CREATE TABLE ihandler_waiting (number bigserial PRIMARY KEY, sensor integer NOT NULL REFERENCES sensors,
    missing uuid NOT NULL, child uuid, freed boolean NOT NULL, incident text NOT NULL,
    since timestamptz NOT NULL DEFAULT now())`,
  'CREATE INDEX ihandler_waiting_missing_idx ON ihandler_waiting (missing)',
  'CREATE INDEX ihandler_waiting_child_idx ON ihandler_waiting (child) WHERE child IS NOT NULL',
  'CREATE INDEX ihandler_waiting_sensor_idx ON ihandler_waiting (sensor, freed, number)',
  `CREATE TABLE ihandler_unfit (
    connection bigint NOT NULL REFERENCES connections ON UPDATE RESTRICT ON DELETE CASCADE,
    table_name text NOT NULL, row_key bigint NOT NULL, column_name text NOT NULL, value text NOT NULL)`,
  'CREATE INDEX ihandler_unfit_connection_idx ON ihandler_unfit (connection)',
];

/**
 * The statements that create version 1, in the schema that is first in the search path. dionaea's own enums lack `pending`
 * and `dtls`, which sensors report, and its varchar columns reject longer texts.
 */
export const CREATE: readonly string[] = [
  'CREATE TABLE ihandler_versions (version integer PRIMARY KEY, since timestamptz NOT NULL DEFAULT now())',
  "CREATE TYPE connection_type AS ENUM ('accept', 'connect', 'listen', 'reject', 'pending')",
  "CREATE TYPE connection_transport AS ENUM ('udp', 'tcp', 'tls', 'dtls')",
  'CREATE TABLE sensors (sensor serial PRIMARY KEY, sensor_name text NOT NULL)',
  'CREATE UNIQUE INDEX sensors_name_idx ON sensors (md5(sensor_name))',
  ...tables.map(createTable),
  ...lookups,
  ...ours,
  ...indexes,
];

/** The sequence of a table's primary keys. */
export function sequenceOf(table: Table, schema: string): string {
  return `${quoted(schema)}.${table}_${keyOf(table)}_seq`;
}
