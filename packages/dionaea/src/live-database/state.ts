import { createHash } from 'node:crypto';
import type { Value } from '@ihandler/core';
import { z } from 'zod';
import { streamName } from '../stream-name.ts';

/** So many of the last connections are watched for a parent that they get later. */
export const watchedConnections = 2000;

const stateSchema = z.object({
  version: z.literal(1),
  identity: z.string(),
  generation: z.number(),
  /** The last row of each table that was handed over. */
  rows: z.record(z.string(), z.number()),
  /** A hash of the last of the connections. */
  check: z.string(),
  /** Links that were told of watched connections: child, parent, child, parent, … */
  told: z.array(z.number()),
  late: z.number(),
});

/**
 * What the source keeps with each report. `identity` is what the database was called after when it was first read, and
 * `generation` tells databases apart that begin with the same row and go on differently. `late` is the last ordinal of the
 * stream of links that came late.
 */
export type LiveState = Readonly<z.infer<typeof stateSchema>>;

/** Reads what an earlier run kept; undefined when there is nothing, or nothing of ours. */
export function readState(kept: Value | undefined): LiveState | undefined {
  const result = stateSchema.safeParse(kept);
  return result.success ? result.data : undefined;
}

/** The state as it is kept. */
export function writeState({ rows, told, ...rest }: LiveState): Value {
  return { ...rest, rows: { ...rows }, told: [...told] };
}

/** A short hash of a row. */
export function checkOf(row: string): string {
  return createHash('sha256').update(row).digest('hex').slice(0, 16);
}

/** The stream of a table: as `import` names it, or for a further generation of a database, a name of its own. */
export function tableStream(
  state: Pick<LiveState, 'identity' | 'generation'>,
  sensor: string,
  table: string,
): string {
  const { identity, generation } = state;
  return generation === 0
    ? streamName('dionaea-database', sensor, identity, table)
    : streamName('dionaea-database-generation', sensor, identity, String(generation), table);
}
