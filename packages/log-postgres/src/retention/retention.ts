import type { HandlerContext } from '@ihandler/core';
import type { Client } from 'pg';
import { explainFailure } from '../database/postgres-failure.ts';
import { createSession } from '../database/session.ts';
import type { Settings } from '../options.ts';
import { ensureVersion } from '../schema/migrate.ts';
import { quoted } from '../schema/schema.ts';
import { dayOf } from '../write/stored-ids.ts';
import { deleteAttacks } from './delete-attacks.ts';

const HOUR = 3_600_000;
/** How many attacks go in one transaction, and how many ids. */
const ATTACKS = 100;
const IDS = 5000;
/** Between two steps when there is more to do, and when there is not. */
const SOON = 50;
const LATER = 60_000;
/** How often all that is old is looked through again. */
const SWEEP_EVERY = 600_000;
/** The longest that one query may take. */
const PATIENCE = 120_000;

/** Removes attacks that are too old, and ids of incidents that nobody will deliver again. */
export interface Retention {
  /** Ends the step that is being taken. */
  close(): Promise<void>;
}

type Cursor = readonly [seconds: number, connection: string];

const START: Cursor = [Number.NEGATIVE_INFINITY, '0'];

interface Looked {
  readonly connection: string;
  readonly seconds: number;
}

/** Prepares the work on one database; each call of a step removes some, and says whether there may be more. */
function createSweep(
  { schema, keep, remember }: Settings,
  now: () => number,
  removed: (attacks: number) => void,
): (client: Client) => Promise<boolean> {
  const name = quoted(schema);
  let after = START;
  let sweptAt = Number.NEGATIVE_INFINITY;

  async function sweepAttacks(client: Client, age: number): Promise<boolean> {
    const before = (now() - Math.max(age, HOUR)) / 1000;
    const { rows } = await client.query<Looked>(
      `SELECT connection, extract(epoch FROM connection_timestamp)::float8 AS seconds FROM ${name}.connections
        WHERE connection_timestamp < to_timestamp($1::float8)
        AND (connection_timestamp, connection) > (to_timestamp($2::float8), $3::bigint)
        AND connection_root = connection
        ORDER BY connection_timestamp, connection LIMIT ${ATTACKS}`,
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

  /** What is forgotten of a stream was the oldest of it: from then on everything below counts as stored. */
  async function sweepIds(client: Client): Promise<boolean> {
    const { rows } = await client.query<{ count: string }>(
      `WITH gone AS (DELETE FROM ${name}.ihandler_ids WHERE ctid = ANY(ARRAY(
          SELECT ctid FROM ${name}.ihandler_ids WHERE day < $1 LIMIT ${IDS} FOR UPDATE SKIP LOCKED))
          RETURNING stream, ordinal),
        raised AS (INSERT INTO ${name}.ihandler_floors (stream, ordinal)
          SELECT stream, max(ordinal) FROM gone GROUP BY stream ORDER BY stream
          ON CONFLICT (stream) DO UPDATE SET ordinal = greatest(ihandler_floors.ordinal, excluded.ordinal))
        SELECT count(*) FROM gone`,
      [dayOf(now() - remember)],
    );
    return Number(rows[0]?.count) === IDS;
  }

  return async (client) => {
    if (now() - sweptAt < SWEEP_EVERY) return false;
    const more = [await sweepIds(client)];
    if (keep !== undefined) more.push(await sweepAttacks(client, keep), await sweepWaiting(client, keep));
    if (more.includes(true)) return true;
    // What was too young is looked at again the next time.
    after = START;
    sweptAt = now();
    return false;
  };
}

/** Works in short steps on a connection of its own, on a timer that keeps no process alive. */
export function createRetention(
  settings: Settings,
  { log, now, signal }: Pick<HandlerContext, 'log' | 'now' | 'signal'>,
  removed: (attacks: number) => void,
): Retention {
  const session = createSession(settings.login, { byIndex: true, patience: PATIENCE });
  const sweep = createSweep(settings, now, removed);
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();
  let closed = false;
  let told = '';

  async function step(): Promise<void> {
    let more = false;
    try {
      more = await session.run(async (client) => {
        await ensureVersion(client, settings.login, settings.schema);
        return sweep(client);
      });
      // The connection is not kept for minutes in which nothing is to be done.
      if (!more) await session.close();
    } catch (error) {
      // The connection was taken away from it; what was not committed is done the next time.
      if (closed) return;
      const message = String(explainFailure(error, settings.login, settings.schema));
      if (message !== told) log.warn('Old attacks could not be removed; it is tried again', { message });
      told = message;
    }
    schedule(more ? SOON : LATER);
  }

  function schedule(delay: number): void {
    if (closed || signal.aborted) return;
    timer = setTimeout(() => {
      working = step();
    }, delay);
    timer.unref();
  }

  const stop = () => clearTimeout(timer);
  signal.addEventListener('abort', stop, { once: true });
  schedule(SOON);
  return {
    async close() {
      closed = true;
      stop();
      signal.removeEventListener('abort', stop);
      await Promise.all([session.close(), working]);
      await session.close();
    },
  };
}
