import type { Value } from '@ihandler/core';
import { streamName } from '@ihandler/source-kit';
import { z } from 'zod';
import { shortHash } from '../known-databases/short-hash.ts';
import { databaseSchema, writeDatabase } from '../known-databases/state.ts';
import { currentRun, streamNumber, type TableRuns, writeTableRuns } from '../known-databases/table-runs.ts';

/** How many of the last connections are watched for a parent that dionaea assigns later. */
export const watchedConnections = 2000;

const stateSchema = z.object({
  version: z.literal(1),
  identity: z.string(),
  generation: z.number(),
  /** The last row of each table that was reported. */
  rows: z.record(z.string(), z.number()),
  /** A hash of the last connection. */
  check: z.string(),
  /** The reported links of watched connections: child, parent, child, parent, … */
  told: z.array(z.number()),
  /** The last ordinal in the stream of late links. */
  late: z.number(),
  /** The last row whose link was reported in the stream of links. */
  lastLink: z.number().optional(),
  sensor: z.string().optional(),
  /** Where it was read last. */
  file: z.string().optional(),
  /** Rows of `connections` and their hashes, by which an import recognises the database. */
  anchors: z.array(z.tuple([z.number(), z.string()])).optional(),
  /** The databases that were at this place before, the last one first. */
  earlier: z.array(databaseSchema).optional(),
  tables: databaseSchema.shape.tables,
});

/**
 * The state that the source saves with each report. `identity` is the identity of the database when it was first read;
 * `generation` distinguishes databases that begin with the same row and differ later. Old states lack the optional parts.
 */
export type LiveState = Readonly<z.infer<typeof stateSchema>>;

/** Reads the state of an earlier run; undefined when there is none, or one in another form. */
export function readState(stored: Value | undefined): LiveState | undefined {
  const result = stateSchema.safeParse(stored);
  return result.success ? result.data : undefined;
}

/** The state as a value to store. */
export function writeState({ rows, told, ...rest }: LiveState): Value {
  const { version, identity, generation, check, late, lastLink, sensor, file, anchors, earlier, tables } =
    rest;
  return {
    version,
    identity,
    generation,
    check,
    late,
    rows: { ...rows },
    told: [...told],
    ...(lastLink !== undefined && { lastLink }),
    ...(sensor !== undefined && { sensor }),
    ...(file !== undefined && { file }),
    ...(anchors && { anchors: anchors.map((anchor) => [...anchor]) }),
    ...(earlier && { earlier: earlier.map(writeDatabase) }),
    ...(tables && { tables: writeTableRuns(tables) }),
  };
}

/** A short hash of a row. */
export function checkOf(row: string): string {
  return shortHash(row);
}

/**
 * The stream of a table: the one of an `import`, or another one for a further generation of a database, and for rows whose
 * ids other rows had before (`number` is not 0).
 */
export function tableStream(
  state: Pick<LiveState, 'identity' | 'generation'>,
  sensor: string,
  table: string,
  number = 0,
): string {
  const { identity, generation } = state;
  if (number > 0) {
    const place = `${generation} ${number}`;
    return streamName('dionaea-database-reused', sensor, identity, place, table);
  }
  return generation === 0
    ? streamName('dionaea-database', sensor, identity, table)
    : streamName('dionaea-database-generation', sensor, identity, String(generation), table);
}

/** Makes the function that gives the stream of a row, or of a table whose ids are never used again. */
export function createStreamOf(
  state: Pick<LiveState, 'identity' | 'generation'> & { readonly tables?: TableRuns | undefined },
  sensor: string,
): (table: string, row?: number) => string {
  const names = new Map<string, string>();
  return (table, row = 0) => {
    const number = state.tables === undefined ? 0 : streamNumber(currentRun(state.tables, table), row);
    const key = `${table} ${number}`;
    const name = names.get(key) ?? tableStream(state, sensor, table, number);
    names.set(key, name);
    return name;
  };
}

/** What names a database of log-sqlite in the ids of the copies that are read from it. */
export function copyTag({ identity, generation }: Pick<LiveState, 'identity' | 'generation'>): string {
  return streamName('dionaea-database-copies', '', identity, String(generation));
}
