import type { Value } from '@ihandler/core';
import { isRecord } from '@ihandler/core/kit';
import { z } from 'zod';
import { tableRunSchema, writeTableRuns } from './table-runs.ts';

/** How many databases are remembered, the ones that were read last. */
const rememberedDatabases = 200;

/** The form in which a database is stored. */
export const databaseSchema = z.object({
  sensor: z.string(),
  identity: z.string(),
  generation: z.number(),
  /** Where it was read last. */
  file: z.string(),
  /** Rows of `connections` and their hashes, the last row first. */
  anchors: z.array(z.tuple([z.number(), z.string()])),
  /** The links (child, parent, child, …) near a row and before it, as they were when that row was first read. */
  links: z.array(z.tuple([z.number(), z.array(z.number())])),
  /** The runs of each table, the current one first. */
  tables: z.record(z.string(), z.array(tableRunSchema).readonly()).optional(),
});

/**
 * A database that was read, by its first connection when it was first read (`identity`); `generation` distinguishes
 * databases that begin with the same row and differ later. It says which database this is, never how far it was read: that is
 * for each handler to say.
 */
export type KnownDatabase = Readonly<z.infer<typeof databaseSchema>>;

const stateSchema = z.object({ version: z.literal(1), databases: z.array(databaseSchema) });

/** Reads the databases in a stored state, the one that was read last first. None when it has another form. */
export function readKnownDatabases(stored: Value | undefined): readonly KnownDatabase[] {
  const result = stateSchema.safeParse(stored);
  return result.success ? result.data.databases : [];
}

/** Whether two entries are about the same database. */
export function isSameEntry(a: KnownDatabase, b: KnownDatabase): boolean {
  return a.sensor === b.sensor && a.identity === b.identity && a.generation === b.generation;
}

/** A database as a value to store. */
export function writeDatabase({ anchors, links, tables, ...rest }: KnownDatabase): Value {
  return {
    ...rest,
    anchors: anchors.map((anchor) => [...anchor]),
    links: links.map(([row, near]) => [row, [...near]]),
    ...(tables && { tables: writeTableRuns(tables) }),
  };
}

/** The logs in a stored state: what the import of lines remembers, which is kept as it is. */
function logsIn(stored: Value | undefined): readonly Value[] {
  const logs = isRecord(stored) && stored['version'] === 1 ? stored['logs'] : undefined;
  // Safe: everything in a stored state is a value.
  return Array.isArray(logs) ? (logs as readonly Value[]) : [];
}

/** The state to store after a database was read; `stored` is the one before. */
export function writeKnownDatabases(
  known: readonly KnownDatabase[],
  read: KnownDatabase | undefined,
  stored: Value | undefined,
): Value {
  const others = known.filter((other) => read === undefined || !isSameEntry(other, read));
  const databases = [...(read ? [read] : []), ...others].slice(0, rememberedDatabases).map(writeDatabase);
  const logs = logsIn(stored);
  return { version: 1, databases, ...(logs.length > 0 && { logs }) };
}
