import type { OwnTable } from '../schema/own-tables.ts';

/** A value from a database. Any column may contain NULL, a BLOB or hostile text: escape it before you print it. */
export type StoredValue = string | number | bigint | Uint8Array | null;

/** A row of one of the tables, by column. A row of a detail also has its `time` in seconds, if the database has it. */
export type StoredRow = Readonly<Record<string, StoredValue>>;

/** The details of one connection in our tables, each list in rising primary key; and the verdicts on its files. */
export type OwnDetails = { readonly [T in OwnTable]: readonly StoredRow[] };

/** The details of one connection by table, each list in rising primary key. */
export interface ConnectionDetails extends OwnDetails {
  readonly p0fs: readonly StoredRow[];
  /** With `dcerpcservice_name`, NULL if the uuid is unknown. */
  readonly dcerpcbinds: readonly StoredRow[];
  /** With `dcerpcservice_name`, `dcerpcserviceop_name` and `dcerpcserviceop_vuln`. */
  readonly dcerpcrequests: readonly StoredRow[];
  readonly emu_profiles: readonly StoredRow[];
  readonly offers: readonly StoredRow[];
  readonly downloads: readonly StoredRow[];
  /** Reports on the files in `downloads`, by md5 (lower case). */
  readonly virustotals: ReadonlyMap<string, readonly VirusTotalReport[]>;
  readonly emu_services: readonly StoredRow[];
  readonly logins: readonly StoredRow[];
  readonly mssql_fingerprints: readonly StoredRow[];
  readonly mssql_commands: readonly StoredRow[];
  /** With `mysql_command_op_name`, and `args` in order. */
  readonly mysql_commands: readonly { readonly row: StoredRow; readonly args: readonly StoredRow[] }[];
  readonly sip_commands: readonly {
    readonly row: StoredRow;
    readonly addrs: readonly StoredRow[];
    readonly vias: readonly StoredRow[];
    readonly origins: readonly StoredRow[];
    readonly connectiondatas: readonly StoredRow[];
    readonly medias: readonly StoredRow[];
  }[];
  readonly mqtt_fingerprints: readonly StoredRow[];
  readonly mqtt_publish_commands: readonly StoredRow[];
  readonly mqtt_subscribe_commands: readonly StoredRow[];
}

/** A VirusTotal report as stored. */
export interface VirusTotalReport {
  readonly row: StoredRow;
  readonly scans: readonly StoredRow[];
}

/** A connection with its details and the connections under it. An attack is the node of its root. */
export interface ConnectionNode {
  /** All columns of `connections`, and `sensor` if it is known. */
  readonly row: StoredRow;
  readonly details: ConnectionDetails;
  readonly children: readonly ConnectionNode[];
}

/** Selects attacks. An attack must satisfy every condition. */
export interface AttackFilter {
  /** The attack that this connection is part of. */
  readonly connection?: number;
  /** Attacks whose root is at or after this time, in milliseconds since the Unix epoch. */
  readonly since?: number;
  /** Attacks whose root is before this time. */
  readonly until?: number;
  /** Attacks whose root has this remote address. The plain and the mapped form of an IPv4 address are equal. */
  readonly remoteHost?: string;
  readonly sensor?: string;
  /** At most this many, the newest. */
  readonly limit?: number;
}

/** Selects the attacks of a summary: those on one sensor, or all. */
export type SummaryFilter = Pick<AttackFilter, 'sensor'>;

/** The figures of a database. Times are milliseconds since the Unix epoch. */
export interface Summary {
  readonly first: number | null;
  readonly last: number | null;
  readonly connections: number;
  readonly attacks: number;
  /** Distinct remote addresses that connected to us, mapped IPv4 counted as IPv4. */
  readonly sources: number;
  readonly protocols: readonly ValueCount[];
  readonly credentials: readonly ValueCount[];
  readonly urls: readonly ValueCount[];
  /** By MD5, or by SHA-256 where that is the only known hash. */
  readonly samples: readonly ValueCount[];
  readonly logins: number;
  readonly commands: number;
  readonly offers: number;
  readonly downloads: number;
}

/** A value of one or several columns, and how often it occurs. Lists start with the most frequent value. */
export interface ValueCount {
  readonly value: readonly StoredValue[];
  readonly count: number;
}

/** Reads attacks from a database of any kind. */
export interface AttackReader {
  /** Attacks, oldest first, loaded a page at a time: memory does not grow with their number. */
  attacks(filter?: AttackFilter): Iterable<ConnectionNode> | AsyncIterable<ConnectionNode>;
  summary(filter?: SummaryFilter): Summary | Promise<Summary>;
  close(): void | Promise<void>;
}
