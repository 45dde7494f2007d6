/** Our table of versions. A schema without it is not ours. */
export const VERSIONS =
  'CREATE TABLE ihandler_versions (version integer PRIMARY KEY, since timestamptz NOT NULL DEFAULT now())';

/** The table of sensors, to which dionaea's tables refer. */
export const SENSORS: readonly string[] = [
  'CREATE TABLE sensors (sensor serial PRIMARY KEY, sensor_name text NOT NULL)',
  'CREATE UNIQUE INDEX sensors_name_idx ON sensors (md5(sensor_name))',
];

/**
 * Our other tables: the connection of each row (`connection_key`, NULL for an announcement without an identity of its own) and
 * the incident that announced it; the ids of stored incidents; waiting incidents; and values that did not fit their column.
 * Streams and connections are stored as hashes, because their names may have any length.
 */
export const OWN_SCHEMA: readonly string[] = [
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

/** The connections whose time is implausible, and when retention first saw each. */
export const CLOCKS: readonly string[] = [
  `CREATE TABLE ihandler_clocks (
    connection bigint PRIMARY KEY REFERENCES connections ON UPDATE RESTRICT ON DELETE CASCADE,
    seen_at timestamptz NOT NULL)`,
  'CREATE INDEX ihandler_clocks_seen_idx ON ihandler_clocks (seen_at, connection)',
];
