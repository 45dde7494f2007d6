import type { SourceContext } from '@ihandler/core';
import type { Database } from '../database/open-database.ts';

const ownTables = ['ihandler_checkpoints', 'ihandler_connections'];

/** What a database of log-sqlite has stored: its checkpoint; undefined for other databases, and for one with other rows. */
export function checkpointIn(db: Database): ReadonlyMap<string, number> | undefined {
  const tables = db
    .prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN (?, ?)")
    .pluck()
    .get(ownTables);
  if (tables !== ownTables.length) return undefined;
  // dionaea's own rows in an adopted database came from no incident.
  const other = db
    .prepare(
      `SELECT 1 FROM connections WHERE NOT EXISTS (
        SELECT 1 FROM ihandler_connections AS ours WHERE ours.connection = connections.connection) LIMIT 1`,
    )
    .get();
  if (other !== undefined) return undefined;
  return new Map(
    db.prepare<[], [string, number]>('SELECT stream, ordinal FROM ihandler_checkpoints').raw().all(),
  );
}

/** Whether all handlers have everything that a database of log-sqlite has stored, from wherever they got it. */
export async function isCovered(
  checkpoint: ReadonlyMap<string, number>,
  { resumeAfter }: Pick<SourceContext, 'resumeAfter'>,
): Promise<boolean> {
  for (const [stream, ordinal] of checkpoint) {
    const stored = await resumeAfter(stream);
    if (stored === undefined || stored < ordinal) return false;
  }
  return checkpoint.size > 0;
}
