import { createHash } from 'node:crypto';

/** The lock on the schema: exclusive for a migration, shared for writers. */
export const SCHEMA_LOCK = -1;

/** The number of locks that the sensors share. Two hubs wait for each other if their sensors have the same lock. */
const STRIPES = 64;

/** The class of the locks of a schema. Advisory locks are global to a database, so each schema needs its own. */
export function lockClass(schema: string): number {
  return createHash('sha256').update(`ihandler ${schema}`).digest().readInt32BE();
}

/** The locks of some sensors, by their numbers, in the order in which every hub takes them. */
export function stripesOf(sensors: Iterable<number>): readonly number[] {
  const stripes = new Set<number>();
  for (const sensor of sensors) stripes.add(sensor % STRIPES);
  return [...stripes].sort((a, b) => a - b);
}

/**
 * Takes the locks `$2` of the class `$1`, in their order, until the end of the transaction. A hub that changes the attacks of
 * a sensor holds its lock, so that two hubs cannot build one forest from two halves. Migrations wait meanwhile.
 */
export const TAKE_LOCKS = `WITH shared AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared($1, ${SCHEMA_LOCK}))
  SELECT pg_advisory_xact_lock($1, stripe) FROM shared, unnest($2::integer[]) AS stripe`;
