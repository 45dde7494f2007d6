/** The version of our tables. A database with a later version is not opened. */
export const SCHEMA_VERSION = 1;

/** The connections whose time is implausible, and when retention first saw each, in seconds. Older databases lack it. */
export const CLOCKS =
  'CREATE TABLE IF NOT EXISTS ihandler_clocks (connection INTEGER PRIMARY KEY, seen_at INTEGER NOT NULL)';

/**
 * Our tables beside dionaea's, with the prefix `ihandler_`. Tools that read dionaea's tables do not need them.
 * `connection_key` is a hash of sensor and connection id (see `keyHash`), NULL for an announcement without an identity of its
 * own.
 */
export const OWN_SCHEMA: readonly string[] = [
  'CREATE TABLE IF NOT EXISTS ihandler_meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS ihandler_sensors (sensor INTEGER PRIMARY KEY, sensor_name TEXT NOT NULL UNIQUE)',
  `CREATE TABLE IF NOT EXISTS ihandler_connections (
    connection INTEGER PRIMARY KEY,
    connection_key INTEGER,
    sensor INTEGER NOT NULL,
    connection_id TEXT NOT NULL,
    incident_id TEXT NOT NULL
  )`,
  'CREATE TABLE IF NOT EXISTS ihandler_checkpoints (stream TEXT PRIMARY KEY, ordinal INTEGER NOT NULL) WITHOUT ROWID',
  `CREATE TABLE IF NOT EXISTS ihandler_waiting (
    number INTEGER PRIMARY KEY,
    missing TEXT NOT NULL,
    child TEXT,
    freed INTEGER NOT NULL,
    incident TEXT NOT NULL
  )`,
  CLOCKS,
  `CREATE INDEX IF NOT EXISTS ihandler_connections_key_idx ON ihandler_connections (connection_key)
    WHERE connection_key IS NOT NULL`,
  'CREATE INDEX IF NOT EXISTS ihandler_waiting_missing_idx ON ihandler_waiting (missing)',
  'CREATE INDEX IF NOT EXISTS ihandler_waiting_child_idx ON ihandler_waiting (child) WHERE child IS NOT NULL',
  ...['sip_addrs', 'sip_vias', 'sip_sdp_origins', 'sip_sdp_connectiondatas', 'sip_sdp_medias'].map(
    (table) => `CREATE INDEX IF NOT EXISTS ihandler_${table}_command_idx ON ${table} (sip_command)`,
  ),
];
