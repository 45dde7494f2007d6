import {
  CLOCK_WARNING,
  EARLIEST_PLAUSIBLE,
  latestPlausible,
  removableBefore,
  SWEEP_INTERVAL,
  startRetention,
} from '@ihandler/attack-log';
import type { HandlerContext } from '@ihandler/core';
import { createThrottledLog, HOUR, MINUTE } from '@ihandler/core/kit';
import type { Client } from 'pg';
import { explainFailure } from '../database/failure.ts';
import { createSession } from '../database/session.ts';
import type { Settings } from '../options.ts';
import { quoted } from '../schema/identifiers.ts';
import { assertVersion } from '../schema/migrate.ts';
import { dayOf } from '../write/stored-ids.ts';
import { deleteAttacks } from './delete-attacks.ts';

/** How many attacks, and how many ids, one transaction removes. */
const ATTACKS = 100;
const IDS = 5000;
/** The longest that one query may take, in milliseconds. */
const QUERY_TIMEOUT = 2 * MINUTE;

/** Retention of a database: removes old attacks, and old ids of incidents. */
export interface Retention {
  /** Stops, and ends the current step. */
  close(): Promise<void>;
}

type Cursor = readonly [seconds: number, connection: string];

const START: Cursor = [Number.NEGATIVE_INFINITY, '0'];

interface OldAttack {
  readonly connection: string;
  readonly seconds: number;
}

/** Prepares the retention of one database. Each call removes some attacks and ids, and answers whether there may be more. */
function createSweep(
  { schema, keep, remember }: Settings,
  { log, now }: Pick<HandlerContext, 'log' | 'now'>,
  removed: (attacks: number) => void,
): (client: Client) => Promise<boolean> {
  const name = quoted(schema);
  const warnings = createThrottledLog(log.warn, HOUR);
  let after = START;
  let sweptAt = Number.NEGATIVE_INFINITY;

  /** Records when connections with an implausible time were first seen. Answers whether there may be more. */
  async function markImplausible(client: Client): Promise<boolean> {
    const { rows } = await client.query<{ sensor: string; count: string }>(
      `WITH found AS (SELECT connection, sensor FROM ${name}.connections
          WHERE (connection_timestamp IS NULL OR connection_timestamp < to_timestamp(${EARLIEST_PLAUSIBLE})
            OR connection_timestamp > to_timestamp($1::float8))
          AND NOT EXISTS (SELECT 1 FROM ${name}.ihandler_clocks AS c WHERE c.connection = connections.connection)
          LIMIT ${IDS} FOR KEY SHARE SKIP LOCKED),
        marked AS (INSERT INTO ${name}.ihandler_clocks (connection, seen_at)
          SELECT connection, to_timestamp($2::float8) FROM found ON CONFLICT DO NOTHING)
        SELECT sensor_name AS sensor, count(*) FROM found JOIN ${name}.sensors USING (sensor) GROUP BY 1 ORDER BY 1`,
      [latestPlausible(now()), now() / 1000],
    );
    if (rows.length > 0) warnings.log(CLOCK_WARNING, { sensors: rows.map(({ sensor }) => sensor), schema });
    return rows.reduce((sum, { count }) => sum + Number(count), 0) === IDS;
  }

  async function sweepAttacks(client: Client, age: number): Promise<boolean> {
    const before = removableBefore(now(), age);
    if (await markImplausible(client)) return true;
    const { rows } = await client.query<OldAttack>(
      `SELECT connection, extract(epoch FROM time)::float8 AS seconds FROM (
        (SELECT connection, connection_timestamp AS time FROM ${name}.connections
          WHERE connection_timestamp >= to_timestamp(${EARLIEST_PLAUSIBLE})
          AND connection_timestamp < to_timestamp($1::float8)
          AND (connection_timestamp, connection) > (to_timestamp($2::float8), $3::bigint)
          AND connection_root = connection
          AND NOT EXISTS (SELECT 1 FROM ${name}.ihandler_clocks AS c WHERE c.connection = connections.connection)
          ORDER BY connection_timestamp, connection LIMIT ${ATTACKS})
        UNION ALL (SELECT connection, seen_at FROM ${name}.ihandler_clocks JOIN ${name}.connections USING (connection)
          WHERE seen_at < to_timestamp($1::float8)
          AND (seen_at, connection) > (to_timestamp($2::float8), $3::bigint)
          AND connection_root = connection
          ORDER BY seen_at, connection LIMIT ${ATTACKS})
      ) AS old ORDER BY time, connection LIMIT ${ATTACKS}`,
      [before, ...after],
    );
    const roots = rows.map(({ connection }) => connection);
    removed(await deleteAttacks(client, schema, roots, before));
    const last = rows.at(-1);
    after = last === undefined ? START : [last.seconds, last.connection];
    return rows.length === ATTACKS;
  }

  async function sweepWaiting(client: Client, age: number): Promise<boolean> {
    const { rowCount } = await client.query(
      `DELETE FROM ${name}.ihandler_waiting WHERE since < to_timestamp($1::float8) AND number IN (
        SELECT number FROM ${name}.ihandler_waiting ORDER BY number LIMIT ${IDS} FOR UPDATE SKIP LOCKED)`,
      [(now() - age) / 1000],
    );
    return rowCount === IDS;
  }

  /** Removes the oldest ids of streams, and raises the floor of each stream: everything at or below it counts as stored. */
  async function sweepIds(client: Client): Promise<boolean> {
    const { rows } = await client.query<{ count: string }>(
      `WITH removed AS (DELETE FROM ${name}.ihandler_ids WHERE ctid = ANY(ARRAY(
          SELECT ctid FROM ${name}.ihandler_ids WHERE day < $1 LIMIT ${IDS} FOR UPDATE SKIP LOCKED))
          RETURNING stream, ordinal),
        raised AS (INSERT INTO ${name}.ihandler_floors (stream, ordinal)
          SELECT stream, max(ordinal) FROM removed GROUP BY stream ORDER BY stream
          ON CONFLICT (stream) DO UPDATE SET ordinal = greatest(ihandler_floors.ordinal, excluded.ordinal))
        SELECT count(*) FROM removed`,
      [dayOf(now() - remember)],
    );
    return Number(rows[0]?.count) === IDS;
  }

  return async (client) => {
    if (now() - sweptAt < SWEEP_INTERVAL) return false;
    const more = [await sweepIds(client)];
    if (keep !== undefined) more.push(await sweepAttacks(client, keep), await sweepWaiting(client, keep));
    if (more.includes(true)) return true;
    // The next sweep starts over: attacks that were too young may be old enough then.
    after = START;
    sweptAt = now();
    return false;
  };
}

/** Starts retention on a connection of its own, which is open only while there is something to remove. */
export function startPostgresRetention(
  settings: Settings,
  context: Pick<HandlerContext, 'log' | 'now' | 'signal'>,
  removed: (attacks: number) => void,
): Retention {
  const { login, schema } = settings;
  const session = createSession(login, { byIndex: true, queryTimeout: QUERY_TIMEOUT });
  const sweep = createSweep(settings, context, removed);
  const timer = startRetention(
    {
      async step() {
        const more = await session.run(async (client) => {
          await assertVersion(client, login, schema);
          return sweep(client);
        });
        if (!more) await session.close();
        return more;
      },
      explain: (error) => explainFailure(error, login, schema),
    },
    context,
  );
  return {
    async close() {
      const stopped = timer.stop();
      // Ends the current step; the next one repeats the work that was not committed.
      await session.close();
      await stopped;
      await session.close();
    },
  };
}
