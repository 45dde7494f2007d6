import type { ConnectionDetails, ConnectionNode, OwnTable, StoredRow, Table } from '../index.ts';
import { OWN_TABLES, ROW_TABLES } from '../index.ts';
import type { MemoryStore } from './memory-store.ts';

/** No rows of our tables. */
// The line below sets every property.
const nothingOurs = Object.fromEntries(Object.keys(OWN_TABLES).map((table) => [table, []])) as unknown as {
  readonly [T in OwnTable]: readonly StoredRow[];
};

const nothing: ConnectionDetails = {
  ...nothingOurs,
  p0fs: [],
  dcerpcbinds: [],
  dcerpcrequests: [],
  emu_profiles: [],
  offers: [],
  downloads: [],
  virustotals: new Map(),
  emu_services: [],
  logins: [],
  mssql_fingerprints: [],
  mssql_commands: [],
  mysql_commands: [],
  sip_commands: [],
  mqtt_fingerprints: [],
  mqtt_publish_commands: [],
  mqtt_subscribe_commands: [],
};

/** A connection with details and children. Missing columns have the values of a plain `accept`. */
export function attack(
  row: StoredRow,
  details: Partial<ConnectionDetails> = {},
  children: readonly ConnectionNode[] = [],
): ConnectionNode {
  const plain = {
    connection: 1,
    connection_type: 'accept',
    connection_transport: 'tcp',
    connection_protocol: 'smbd',
    connection_timestamp: 1_257_477_637.5,
    connection_root: 1,
    connection_parent: null,
    local_host: '192.0.2.1',
    local_port: 445,
    remote_host: '198.51.100.7',
    remote_hostname: '',
    remote_port: 2010,
  };
  return { row: { ...plain, ...row }, details: { ...nothing, ...details }, children };
}

/** The attack of a connection, as stored. */
export function storedAttack(store: MemoryStore, connection: number): ConnectionNode {
  const records = (table: Table, column: string, key: number): StoredRow[] =>
    store.rows[table]
      .map((row) => Object.fromEntries(ROW_TABLES[table].map((name, index) => [name, row[index] ?? null])))
      .filter((record) => record[column] === key);
  const of = (table: Table) => records(table, 'connection', connection);
  return {
    row: of('connections')[0] ?? {},
    details: {
      ...nothing,
      p0fs: of('p0fs'),
      dcerpcbinds: of('dcerpcbinds'),
      dcerpcrequests: of('dcerpcrequests'),
      emu_profiles: of('emu_profiles'),
      offers: of('offers'),
      downloads: of('downloads'),
      emu_services: of('emu_services'),
    },
    children: records('connections', 'connection_parent', connection).map(({ connection: child }) =>
      storedAttack(store, Number(child)),
    ),
  };
}
