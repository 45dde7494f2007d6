import type { Database } from '../database/open-database.ts';

/** Which incident a row of a database of log-sqlite came from. */
export interface RecordedIncident {
  readonly sensor: string;
  /** The id to report it with: that of a copy, from which stores know the original. */
  readonly stream: string;
  readonly ordinal: number;
}

/** The identity of a connection as its sensor gave it. */
export interface RecordedConnection {
  readonly id: string;
  readonly sensor: string;
  /** False for an announcement that is not a connection of its own: SIP over TCP announces itself twice. */
  readonly named: boolean;
}

/** What a database of log-sqlite recorded about its rows. */
export interface RecordedIds {
  /** The incident of a row; undefined for a row of another program, and of versions that did not record it. */
  incidentOf(table: string, row: number): RecordedIncident | undefined;
  /** The connection of a row of `connections` whose incident is recorded. */
  connectionOf(row: number): RecordedConnection | undefined;
  /** The streams of all copies. */
  streams(): readonly string[];
  /** All sensors. */
  sensors(): readonly string[];
}

type StoredEntry = [first: number, stream: string, sensor: string, run: number, ordinals: string];

interface Entry {
  readonly first: number;
  readonly stream: string;
  readonly sensor: string;
  readonly ordinals: readonly number[];
}

const ownTables = [
  'ihandler_rows',
  'ihandler_runs',
  'ihandler_streams',
  'ihandler_sensors',
  'ihandler_connections',
];

/** Whether a database records the incidents of its rows. */
export function recordsIds(db: Database): boolean {
  const count = db
    .prepare(
      `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN (${ownTables.map(() => '?').join(', ')})`,
    )
    .pluck()
    .get(ownTables);
  return count === ownTables.length;
}

/** The ordinals of an entry: the first one is followed by differences. Empty for an entry in another form. */
function readOrdinals(text: string): readonly number[] {
  const parsed: unknown = JSON.parse(text);
  if (!Array.isArray(parsed)) return [];
  let ordinal = 0;
  return parsed.map((difference) => {
    ordinal += Number(difference);
    return ordinal;
  });
}

/**
 * Reads what a database recorded. `tag` names the database in the ids of copies; with it, ordinals rise within each of their
 * streams, because a run of a table and stream rises with the rows.
 */
export function createRecordedIds(db: Database, tag: string): RecordedIds {
  const find = db
    .prepare<[string, number], StoredEntry>(
      `SELECT first_row, stream_name, sensor_name, run, ordinals FROM ihandler_rows
       JOIN ihandler_streams USING (stream) JOIN ihandler_sensors USING (sensor)
       WHERE table_name = ? AND first_row <= ? ORDER BY first_row DESC LIMIT 1`,
    )
    .raw();
  const findConnection = db
    .prepare<[number], [id: string, sensor: string, key: number | null]>(
      `SELECT connection_id, sensor_name, connection_key FROM ihandler_connections
       JOIN ihandler_sensors USING (sensor) WHERE connection = ?`,
    )
    .raw();
  const nameOf = (stream: string, table: string, run: number) => `${stream}~copy.${tag}.${table}.${run}`;
  /** The entry of each table that was used last. Rows are read in order. */
  const entries = new Map<string, Entry>();

  function entryOf(table: string, row: number): Entry | undefined {
    const last = entries.get(table);
    if (last !== undefined && row >= last.first && row < last.first + last.ordinals.length) return last;
    const found = find.get(table, row);
    if (found === undefined) return undefined;
    const [first, name, sensor, run, ordinals] = found;
    const entry = { first, sensor, stream: nameOf(name, table, run), ordinals: readOrdinals(ordinals) };
    entries.set(table, entry);
    return entry;
  }

  function incidentOf(table: string, row: number): RecordedIncident | undefined {
    const entry = entryOf(table, row);
    const ordinal = entry?.ordinals[row - entry.first];
    if (entry === undefined || ordinal === undefined) return undefined;
    return { sensor: entry.sensor, stream: entry.stream, ordinal };
  }

  return {
    incidentOf,
    connectionOf(row) {
      if (incidentOf('connections', row) === undefined) return undefined;
      const found = findConnection.get(row);
      return found && { id: found[0], sensor: found[1], named: found[2] !== null };
    },
    streams() {
      const runs = db
        .prepare<[], [string, string, number]>(
          'SELECT table_name, stream_name, run FROM ihandler_runs JOIN ihandler_streams USING (stream)',
        )
        .raw()
        .all();
      return runs.flatMap(([table, stream, last]) =>
        Array.from({ length: last + 1 }, (_, run) => nameOf(stream, table, run)),
      );
    },
    sensors: () =>
      db.prepare<[], string>('SELECT sensor_name FROM ihandler_sensors ORDER BY sensor').pluck().all(),
  };
}
