import { createHash } from 'node:crypto';

/** Held while the schema is made or changed; shared by all who write. */
export const SCHEMA_LOCK = -1;

/** How many locks the sensors share: more hubs than that wait for each other now and then. */
const STRIPES = 64;

/** PostgreSQL's advisory locks are those of a database: this number keeps the schemas in it apart. */
export function lockClass(schema: string): number {
  return createHash('sha256').update(`ihandler ${schema}`).digest().readInt32BE();
}

/** The locks of some sensors, by their numbers, in the order in which everybody takes them. */
export function stripesOf(sensors: Iterable<number>): readonly number[] {
  const stripes = new Set<number>();
  for (const sensor of sensors) stripes.add(sensor % STRIPES);
  return [...stripes].sort((a, b) => a - b);
}

/**
 * Takes the locks `$2` of the class `$1`, in their order, until the end of the transaction. Whoever changes the attacks of
 * a sensor holds its lock, so that two hubs do not build one forest from two halves; and nobody changes the tables meanwhile.
 */
export const TAKE_LOCKS = `WITH shared AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared($1, ${SCHEMA_LOCK}))
  SELECT pg_advisory_xact_lock($1, stripe) FROM shared, unnest($2::integer[]) AS stripe`;
