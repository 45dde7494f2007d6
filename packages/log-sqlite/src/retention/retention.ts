import {
  CLOCK_WARNING,
  EARLIEST_PLAUSIBLE,
  type RetentionTimer,
  removableBefore,
  SWEEP_INTERVAL,
  startRetention,
} from '@ihandler/attack-log';
import type { HandlerContext } from '@ihandler/core';
import { createThrottledLog, HOUR } from '@ihandler/core/kit';
import { statusOf } from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';
import { explainFailure } from '../database/failure.ts';
import type { LiveDatabase } from '../database/live-database.ts';
import type { Settings } from '../options.ts';
import { prepareTrimRowIds } from '../write/row-ids.ts';
import { prepareDeleteAttack } from './delete-attacks.ts';
import { createImplausibleTimes } from './implausible-times.ts';

const STEP_MILLISECONDS = 40;
const STEP_ATTACKS = 200;
const VACUUM_PAGES = 500;
/** How many connections one query reads. */
const PAGE = 500;
const INCREMENTAL = 2;

/** Retention of one open database. */
interface Sweep {
  /** Removes some attacks. Answers whether there may be more to remove. */
  step(): boolean;
}

type ScannedRow = [connection: number, seconds: number, root: number | null];

const START: ScannedRow = [0, Number.NEGATIVE_INFINITY, null];

function createSweep(
  database: Database,
  { file, keep, maxSize }: Settings,
  { log, now }: Pick<HandlerContext, 'log' | 'now'>,
): Sweep {
  const deleteAttack = prepareDeleteAttack(database);
  const trimRowIds = prepareTrimRowIds(database);
  const implausible = createImplausibleTimes(database, now);
  const warnings = createThrottledLog(log.warn, HOUR);
  // Connections with a plausible time, and those without one, whose time is when they were first seen.
  const page = database
    .prepare<{ before: number; seconds: number; connection: number }, ScannedRow>(
      `SELECT * FROM (SELECT connection, connection_timestamp AS seconds, connection_root FROM connections
          WHERE connection_timestamp >= ${EARLIEST_PLAUSIBLE} AND connection_timestamp < $before
          AND (connection_timestamp, connection) > ($seconds, $connection)
          AND NOT EXISTS (SELECT 1 FROM ihandler_clocks AS c WHERE c.connection = connections.connection)
          ORDER BY connection_timestamp, connection LIMIT ${PAGE})
        UNION ALL SELECT * FROM (SELECT connection, seen_at, connection_root
          FROM ihandler_clocks JOIN connections USING (connection)
          WHERE seen_at < $before AND (seen_at, connection) > ($seconds, $connection)
          ORDER BY seen_at, connection LIMIT ${PAGE})
        ORDER BY seconds, connection LIMIT ${PAGE}`,
    )
    .raw();
  const exists = database.prepare<[number]>('SELECT 1 FROM connections WHERE connection = ?').pluck();
  // Finds the youngest rows of a tree first.
  const isStillYoung = database
    .prepare<[number, number]>(
      `SELECT 1 FROM connections LEFT JOIN ihandler_clocks AS c USING (connection)
        WHERE connection_root = ? AND (coalesce(c.seen_at, connection_timestamp) >= ?
          OR (c.seen_at IS NULL AND ifnull(connection_timestamp < ${EARLIEST_PLAUSIBLE}, true)))
        ORDER BY connection DESC LIMIT 1`,
    )
    .pluck();
  let after = START;
  let sweptAt = Number.NEGATIVE_INFINITY;

  const pragma = (name: string) => Number(database.pragma(name, { simple: true }));
  // A database that dionaea created cannot return pages to the file system; SQLite reuses them.
  const shrinks = pragma('auto_vacuum') === INCREMENTAL;

  function size(): number {
    const wal = statusOf(`${file}-wal`)?.size ?? 0;
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size') + wal;
  }

  function isTooLarge(): boolean {
    if (maxSize === undefined || size() <= maxSize) return false;
    // The write-ahead log may be most of it, and is empty after a checkpoint.
    database.pragma('wal_checkpoint(TRUNCATE)');
    return size() > maxSize;
  }

  /** The attacks to remove: those that ended before this time, in seconds, until `isDone`. */
  function task(): { readonly before: number; isDone(): boolean } | undefined {
    const goal = maxSize;
    if (goal !== undefined && isTooLarge())
      return { before: removableBefore(now()), isDone: () => size() <= goal };
    if (keep === undefined || now() - sweptAt < SWEEP_INTERVAL) return undefined;
    return { before: removableBefore(now(), keep), isDone: () => false };
  }

  /** The root of the attack that begins with a connection. dionaea left trees whose root now has another root. */
  function rootOf([connection, , root]: ScannedRow): number | undefined {
    if (root === null || root === connection) return connection;
    return exists.get(root) === undefined ? root : undefined;
  }

  /** Removes the oldest attacks until `isDone` or the time is up. Answers whether there may be more. */
  const remove = database.transaction((before: number, isDone: () => boolean): boolean => {
    const end = performance.now() + STEP_MILLISECONDS;
    let removed = 0;
    for (;;) {
      const rows = page.all({ before, seconds: after[1], connection: after[0] });
      for (const scanned of rows) {
        if (removed >= STEP_ATTACKS || performance.now() > end) return true;
        after = scanned;
        const root = rootOf(scanned);
        if (root === undefined || isStillYoung.get(root, before) !== undefined) continue;
        deleteAttack(root);
        removed += 1;
        if (isDone()) return false;
      }
      if (rows.length < PAGE) return false;
    }
  });

  return {
    step() {
      const todo = task();
      if (todo !== undefined) {
        const { sensors, more } = implausible.mark();
        if (sensors.length > 0) warnings.log(CLOCK_WARNING, { sensors, file });
        if (more) return true;
      }
      const resumeFrom = after;
      let more = false;
      try {
        more = todo !== undefined && remove.immediate(todo.before, todo.isDone);
      } catch (error) {
        after = resumeFrom;
        throw error;
      }
      // The next sweep starts over: attacks that were too young may be old enough then.
      if (!more && todo !== undefined) {
        trimRowIds();
        after = START;
        sweptAt = now();
      }
      if (!shrinks) return more;
      database.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
      return more || pragma('freelist_count') > 0;
    },
  };
}

/** Starts retention of a database; undefined when neither `keep` nor `maxSize` is set. */
export function startSqliteRetention(
  settings: Settings,
  live: LiveDatabase,
  context: Pick<HandlerContext, 'log' | 'now' | 'signal'>,
): RetentionTimer | undefined {
  if (settings.keep === undefined && settings.maxSize === undefined) return undefined;
  const sweeps = new WeakMap<Database, Sweep>();
  return startRetention(
    {
      step() {
        const { database } = live.current();
        const sweep = sweeps.get(database) ?? createSweep(database, settings, context);
        sweeps.set(database, sweep);
        const more = sweep.step();
        live.settle();
        return more;
      },
      explain: (error) => explainFailure(error, settings.file),
    },
    context,
  );
}
