/** The version of our tables. A database with a later version is not opened. */
export const SCHEMA_VERSION = 1;

/** The connections whose time is implausible, and when retention first saw each, in seconds. Older databases lack it. */
export const CLOCKS =
  'CREATE TABLE IF NOT EXISTS ihandler_clocks (connection INTEGER PRIMARY KEY, seen_at INTEGER NOT NULL)';

/**
 * Which incident each row came from, for programs that read this database. Older databases lack it, and so do their older rows.
 * An entry of `ihandler_rows` is about consecutive rows of a table whose incidents are of one stream: `ordinals` is a JSON
 * array with the ordinal of the first row, and the difference to the one before for each further row. `times` has the times of
 * the incidents in the same form, in microseconds since the Unix epoch; NULL for tables with a column of their own for it. Of
 * several entries that contain a row, the one with the highest `first_row` is valid. Within a run of a table and stream, ordinals rise with the
 * rows; `ihandler_runs` has the last run of each. `ihandler_copies` has the incidents that were copied from other databases.
 */
export const ROW_IDS: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS ihandler_streams (
    stream INTEGER PRIMARY KEY,
    stream_name TEXT NOT NULL,
    sensor INTEGER NOT NULL,
    UNIQUE (stream_name, sensor)
  )`,
  `CREATE TABLE IF NOT EXISTS ihandler_rows (
    table_name TEXT NOT NULL,
    first_row INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    run INTEGER NOT NULL,
    ordinals TEXT NOT NULL,
    times TEXT,
    PRIMARY KEY (table_name, first_row)
  )`,
  `CREATE TABLE IF NOT EXISTS ihandler_runs (
    table_name TEXT NOT NULL,
    stream INTEGER NOT NULL,
    run INTEGER NOT NULL,
    last_ordinal INTEGER NOT NULL,
    PRIMARY KEY (table_name, stream)
  ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS ihandler_copies (
    stream TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    PRIMARY KEY (stream, ordinal)
  ) WITHOUT ROWID`,
];

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
