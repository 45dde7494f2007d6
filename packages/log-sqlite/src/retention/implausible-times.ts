import { EARLIEST_PLAUSIBLE, latestPlausible } from '@ihandler/attack-log';
import type { Database } from 'better-sqlite3';
import { CLOCKS } from '../schema/own-schema.ts';

/** How many rows of `connections` one step reads. */
const ROWS = 20_000;

/** The result of one step of {@link ImplausibleTimes.mark}. */
export interface MarkedConnections {
  /** The sensors of newly found connections. */
  readonly sensors: readonly string[];
  /** Whether there may be more to find. */
  readonly more: boolean;
}

/** Finds connections whose time is implausible, and records when retention first saw them. */
export interface ImplausibleTimes {
  /** Marks some new connections, in one short transaction. */
  mark(): MarkedConnections;
}

/** Prepares the statements. */
export function createImplausibleTimes(database: Database, now: () => number): ImplausibleTimes {
  database.exec(CLOCKS);
  const lastKey = database
    .prepare<[], number>('SELECT coalesce(max(connection), 0) FROM connections')
    .pluck();
  const add = database.prepare<[number, number, number, number, number]>(
    `INSERT OR IGNORE INTO ihandler_clocks (connection, seen_at) SELECT connection, ? FROM connections
      WHERE connection > ? AND connection <= ?
      AND (connection_timestamp IS NULL OR connection_timestamp < ? OR connection_timestamp > ?)`,
  );
  const sensorsOf = database
    .prepare<[number, number], string>(
      `SELECT DISTINCT sensor_name FROM ihandler_clocks JOIN ihandler_connections USING (connection)
        JOIN ihandler_sensors USING (sensor) WHERE connection > ? AND connection <= ?`,
    )
    .pluck();
  /** The last row that was read. A removed row may be replaced by one with the same key, so it never exceeds the last key. */
  let upTo = 0;

  const markRange = database.transaction((from: number, to: number): readonly string[] => {
    const { changes } = add.run(
      Math.floor(now() / 1000),
      from,
      to,
      EARLIEST_PLAUSIBLE,
      latestPlausible(now()),
    );
    return changes === 0 ? [] : sensorsOf.all(from, to);
  });

  return {
    mark() {
      const last = lastKey.get() ?? 0;
      const from = Math.min(upTo, last);
      const to = Math.min(last, from + ROWS);
      const sensors = from === to ? [] : markRange.immediate(from, to);
      upTo = to;
      return { sensors, more: to < last };
    },
  };
}
