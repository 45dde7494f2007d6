/** A value as a database holds it. Anything may be NULL, a BLOB or hostile; what prints it decides how. */
export type StoredValue = string | number | bigint | Uint8Array | null;

/** A row of one of dionaea's tables, by column. */
export type StoredRow = Readonly<Record<string, StoredValue>>;

/** What hangs on one connection, each list in rising primary key. */
export interface ConnectionDetails {
  readonly p0fs: readonly StoredRow[];
  /** With `dcerpcservice_name` where the uuid is known, NULL elsewhere. */
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

/** One VirusTotal report as stored. */
export interface VirusTotalReport {
  readonly row: StoredRow;
  readonly scans: readonly StoredRow[];
}

/** A connection with what hangs on it and the connections under it: an attack, when it is a root. */
export interface ConnectionNode {
  /** All columns of `connections`; `sensor` too where it is known. */
  readonly row: StoredRow;
  readonly details: ConnectionDetails;
  readonly children: readonly ConnectionNode[];
}

/** Which attacks to show. All that are given must hold. */
export interface AttackFilter {
  /** The attack that this connection is part of. */
  readonly connection?: number;
  /** Attacks whose root came at or after this time, in milliseconds since the Unix epoch. */
  readonly since?: number;
  /** Attacks whose root came before this time. */
  readonly until?: number;
  /** Attacks whose root came from this address; a mapped IPv4 address matches its plain form and the other way round. */
  readonly remoteHost?: string;
  readonly sensor?: string;
  /** At most this many, the newest. */
  readonly limit?: number;
}

/** Which attacks are added up: those on one sensor, or all. */
export type SummaryFilter = Pick<AttackFilter, 'sensor'>;

/** What a database holds, in ten lines. Times are milliseconds since the Unix epoch. */
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
  readonly samples: readonly ValueCount[];
  readonly logins: number;
  readonly offers: number;
  readonly downloads: number;
}

/** A value and how often it occurs, most frequent first. */
export interface ValueCount {
  readonly value: readonly StoredValue[];
  readonly count: number;
}

/** A database that holds attacks, whichever kind it is. */
export interface AttackReader {
  /** Attacks oldest first, one at a time, in constant memory apart from the attack itself. */
  attacks(filter?: AttackFilter): Iterable<ConnectionNode> | AsyncIterable<ConnectionNode>;
  summary(filter?: SummaryFilter): Summary | Promise<Summary>;
  close(): void | Promise<void>;
}
