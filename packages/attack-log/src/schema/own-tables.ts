import { TABLES } from './tables.ts';

/**
 * Our tables, in which incidents of every sensor become rows, with their columns in order, the primary key first. Times and
 * durations are in seconds. `details`, `names` and `data` are JSON text.
 */
export const OWN_TABLES = {
  /** What is known about a row of `logins` beyond its columns. */
  ihandler_login_outcomes: ['id', 'connection', 'time', 'login', 'outcome', 'method', 'key'],
  ihandler_commands: ['id', 'connection', 'time', 'realm', 'input', 'outcome'],
  ihandler_requests: ['id', 'connection', 'time', 'method', 'target', 'host', 'agent', 'status'],
  ihandler_clients: ['id', 'connection', 'time', 'kind', 'version', 'fingerprint', 'details'],
  /** Files that arrived. `download` is the row of `downloads`, NULL for a file that dionaea does not record there. */
  ihandler_downloads: ['id', 'connection', 'time', 'download', 'sha256', 'size', 'name', 'file'],
  ihandler_exploits: ['id', 'connection', 'time', 'name', 'evidence'],
  ihandler_messages: ['id', 'connection', 'time', 'topic', 'payload'],
  ihandler_ttys: ['id', 'connection', 'time', 'sha256', 'size', 'duration', 'file'],
  ihandler_closes: ['id', 'connection', 'time', 'duration'],
  /** Verdicts on files. They belong to no connection. */
  ihandler_verdicts: ['id', 'time', 'sha256', 'md5', 'malicious', 'total', 'names', 'permalink', 'at'],
  /** Incidents of a connection that have no other row. */
  ihandler_events: ['id', 'connection', 'time', 'origin', 'data'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The kind of values in a column of our tables. `indexed` is text that an index contains. */
export type OwnColumnKind = 'key' | 'time' | 'number' | 'size' | 'integer' | 'indexed' | 'text';

const kinds: Readonly<Record<Exclude<OwnColumnKind, 'text'>, readonly string[]>> = {
  key: ['id', 'connection', 'login', 'download'],
  time: ['time', 'at'],
  number: ['duration'],
  size: ['size'],
  integer: ['status', 'malicious', 'total'],
  indexed: ['sha256', 'md5'],
};

/** The kind of a column of our tables: a name means the same in each of them. */
export function ownColumnKind(column: string): OwnColumnKind {
  // Safe: the keys of `kinds` are kinds.
  for (const [kind, names] of Object.entries(kinds)) if (names.includes(column)) return kind as OwnColumnKind;
  return 'text';
}

/** All tables in which incidents become rows: dionaea's and ours. */
export const ROW_TABLES = { ...TABLES, ...OWN_TABLES };

/** The name of one of dionaea's tables. */
export type DionaeaTable = keyof typeof TABLES;

/** The name of one of our tables. */
export type OwnTable = keyof typeof OWN_TABLES;

/** The name of a table in which incidents become rows. */
export type Table = keyof typeof ROW_TABLES;

/** The tables of dionaea in which one row stands for an incident, without `connections`. None of them has the time of the incident. */
export const TIMED_TABLES: readonly DionaeaTable[] = [
  'dcerpcbinds',
  'dcerpcrequests',
  'emu_profiles',
  'emu_services',
  'offers',
  'downloads',
  'p0fs',
  'logins',
  'mssql_fingerprints',
  'mssql_commands',
  'mysql_commands',
  'sip_commands',
  'mqtt_fingerprints',
  'mqtt_publish_commands',
  'mqtt_subscribe_commands',
  'virustotals',
];
