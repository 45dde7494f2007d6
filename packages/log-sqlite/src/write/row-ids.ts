import { toUSVString } from 'node:util';
import { type ClusterResult, placeOf, type Table, TIMED_TABLES } from '@ihandler/attack-log';
import type { Incident } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import { ownTables } from '../schema/detail-tables.ts';
import { createSensorNumbers } from './sensor-numbers.ts';

/** The tables in which one row stands for an incident. Rows of the others belong to one of these. */
const TABLES_WITH_IDS: readonly Table[] = ['connections', ...TIMED_TABLES, ...ownTables];

/** Those of them whose rows lack the time of the incident. */
const timed: ReadonlySet<Table> = new Set(TIMED_TABLES);

const COLON = 58;

/** Records which incident each row came from, and its time. See `ROW_IDS`. */
export interface RowIds {
  /** Records the incidents of new rows, and their times. */
  save(result: Pick<ClusterResult, 'rows' | 'incidents'>): void;
}

/** A stream in this batch, with the last run of the current table. */
interface Stream {
  readonly number: number;
  run: number;
  last: number;
}

/** Consecutive rows of one stream and run. */
interface Entry {
  readonly stream: Stream;
  readonly run: number;
  readonly firstRow: number;
  readonly ordinals: number[];
  /** In microseconds, as differences. */
  readonly times: number[];
}

/** Prepares the statements. */
export function createRowIds(database: Database): RowIds {
  const sensorNumber = createSensorNumbers(database);
  const findStream = database
    .prepare('SELECT stream FROM ihandler_streams WHERE stream_name = ? AND sensor = ?')
    .pluck();
  const addStream = database.prepare('INSERT INTO ihandler_streams (stream_name, sensor) VALUES (?, ?)');
  const findRun = database
    .prepare<[string, number], [number, number]>(
      'SELECT run, last_ordinal FROM ihandler_runs WHERE table_name = ? AND stream = ?',
    )
    .raw();
  const setRun = database.prepare(
    `INSERT INTO ihandler_runs (table_name, stream, run, last_ordinal) VALUES (?, ?, ?, ?)
      ON CONFLICT (table_name, stream) DO UPDATE SET run = excluded.run, last_ordinal = excluded.last_ordinal`,
  );
  const addEntry = database.prepare(
    'INSERT OR REPLACE INTO ihandler_rows (table_name, first_row, stream, run, ordinals, times) VALUES (?, ?, ?, ?, ?, ?)',
  );

  function numberOf(name: string, sensor: string): number {
    const stored = toUSVString(name);
    const owner = sensorNumber(sensor);
    const known: unknown = findStream.get(stored, owner);
    return typeof known === 'number' ? known : Number(addStream.run(stored, owner).lastInsertRowid);
  }

  function saveTable(
    table: Table,
    rows: ClusterResult['rows'][Table],
    incidents: readonly Incident[],
    numbers: Map<string, number>,
  ): void {
    const streams = new Map<string, Stream>();
    const streamOf = (name: string, sensor: string): Stream => {
      const key = `${sensor.length} ${sensor} ${name}`;
      const known = streams.get(key);
      if (known !== undefined) return known;
      const number = numbers.get(key) ?? numberOf(name, sensor);
      numbers.set(key, number);
      const [run, last] = findRun.get(table, number) ?? [0, -1];
      const stream = { number, run, last };
      streams.set(key, stream);
      return stream;
    };
    const isTimed = timed.has(table);
    let entry: Entry | undefined;
    let before = 0;
    const flush = () => {
      if (entry === undefined) return;
      const { stream, run, firstRow, ordinals, times } = entry;
      const stored = isTimed ? `[${times.join(',')}]` : null;
      addEntry.run(table, firstRow, stream.number, run, `[${ordinals.join(',')}]`, stored);
    };
    let stream: Stream | undefined;
    let [name, sensor] = ['', ''];
    incidents.forEach((incident, index) => {
      const { id } = incident;
      const isSame =
        id.charCodeAt(name.length) === COLON && id.startsWith(name) && incident.sensor === sensor;
      const place = isSame ? { stream: name, ordinal: Number(id.slice(name.length + 1)) } : placeOf(id);
      if (stream === undefined || place.stream !== name || incident.sensor !== sensor) {
        ({ stream: name } = place);
        ({ sensor } = incident);
        stream = streamOf(name, sensor);
      }
      if (place.ordinal <= stream.last) stream.run += 1;
      const time = isTimed ? Math.round(incident.timestamp * 1000) : 0;
      if (entry?.stream === stream && entry.run === stream.run) {
        entry.ordinals.push(place.ordinal - stream.last);
        if (isTimed) entry.times.push(time - before);
      } else {
        flush();
        entry = {
          stream,
          run: stream.run,
          firstRow: Number(rows[index]?.[0]),
          ordinals: [place.ordinal],
          times: [time],
        };
      }
      before = time;
      stream.last = place.ordinal;
    });
    flush();
    for (const { number, run, last } of streams.values()) setRun.run(table, number, run, last);
  }

  return {
    save({ rows, incidents }) {
      const numbers = new Map<string, number>();
      for (const table of TABLES_WITH_IDS)
        if (rows[table].length > 0) saveTable(table, rows[table], incidents[table], numbers);
    },
  };
}

/** Makes a function that removes the entries of rows that retention removed: those before the first row of a table. */
export function prepareTrimRowIds(database: Database): () => void {
  const trims = TABLES_WITH_IDS.map((table) =>
    database.prepare(
      `DELETE FROM ihandler_rows WHERE table_name = '${table}' AND first_row < (SELECT max(first_row) FROM ihandler_rows
        WHERE table_name = '${table}' AND first_row <= coalesce((SELECT min(rowid) FROM ${table}), 9e15))`,
    ),
  );
  return () => {
    for (const trim of trims) trim.run();
  };
}
