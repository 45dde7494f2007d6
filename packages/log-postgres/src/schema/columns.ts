import {
  type DionaeaTable,
  OWN_TABLES,
  ownColumnKind,
  ROW_TABLES,
  TABLES,
  type Table,
} from '@ihandler/attack-log';

/** The kind of values in a column. `indexed` is text that is short enough for an index. */
export type Kind =
  | 'key'
  | 'type'
  | 'transport'
  | 'time'
  | 'address'
  | 'integer'
  | 'size'
  | 'number'
  | 'uuid'
  | 'text'
  | 'indexed';

/** A column of a table in PostgreSQL. */
export interface Column {
  readonly name: string;
  readonly kind: Kind;
  /** Its index in the rows of {@link ROW_TABLES}. */
  readonly from: number;
  /** Whether another column contains the same value: then a value that does not fit here is not lost. */
  readonly derived: boolean;
}

const kinds: Readonly<Record<Exclude<Kind, 'text' | 'size' | 'number'>, string>> = {
  key: 'connection connection_root connection_parent mysql_command sip_command virustotal',
  type: 'connection_type',
  transport: 'connection_transport',
  time: 'connection_timestamp virustotal_timestamp',
  address: 'local_host remote_host',
  integer: `local_port remote_port dcerpcrequest_opnum p0f_uptime p0f_dist p0f_nat p0f_fw mysql_command_cmd
    mysql_command_arg_index sip_command_allow sip_addr_uri_port sip_via_port sip_sdp_connectiondata_ttl
    sip_sdp_connectiondata_number_of_addresses sip_sdp_media_port sip_sdp_media_number_of_ports`,
  uuid: 'dcerpcbind_uuid dcerpcbind_transfersyntax dcerpcrequest_uuid',
  indexed: `offer_url download_url download_md5_hash p0f_genre p0f_detail login_username login_password
    virustotal_md5_hash`,
};

const kindOf = new Map(
  Object.entries(kinds).flatMap(([kind, names]) =>
    // Safe: the keys of `kinds` are kinds.
    names.split(/\s+/).map((name) => [name, kind as Kind] as const),
  ),
);

/** Columns with another name in dionaea's PostgreSQL schema than in its SQLite schema. */
const renamed: Readonly<Record<string, string>> = {
  emu_serivce: 'emu_service',
  sip_addr_uri_host: 'sip_addr_uri_hostname',
};

function columnsOf(table: Table): readonly Column[] {
  const isOurs = Object.hasOwn(OWN_TABLES, table);
  const columns = ROW_TABLES[table].map((name, from): Column => {
    const known = isOurs ? ownColumnKind(name) : kindOf.get(name);
    const kind = from === 0 ? 'key' : (known ?? 'text');
    return { name: renamed[name] ?? name, kind, from, derived: false };
  });
  const host = columns.find(({ name }) => name === 'sip_addr_uri_hostname');
  if (host !== undefined)
    columns.push({ name: 'sip_addr_uri_host', kind: 'address', from: host.from, derived: true });
  return columns;
}

/** All tables in which incidents become rows. */
// Safe: the keys of `ROW_TABLES` are the tables.
export const tables = Object.keys(ROW_TABLES) as readonly Table[];

/** Those of dionaea. */
// Safe: the keys of `TABLES` are the tables.
export const dionaeaTables = Object.keys(TABLES) as readonly DionaeaTable[];

/** The columns of every table, the primary key first. */
// The line below sets every property.
export const COLUMNS = Object.fromEntries(tables.map((table) => [table, columnsOf(table)])) as Readonly<
  Record<Table, readonly Column[]>
>;

/** The name of a table's primary key. */
export function keyOf(table: Table): string {
  return COLUMNS[table][0]?.name ?? '';
}
