import type { SourceContext } from '@ihandler/core';
import type { RetryLocked } from '../database/open-database.ts';
import { linksTable, type Reading } from '../database/reading.ts';
import { databaseOf, databasesOfOthers } from '../known-databases/other-sources.ts';
import { newestRuns } from '../known-databases/recognise.ts';
import { settleRuns } from '../known-databases/settle-runs.ts';
import { currentRun, newestNumber, type TableRun } from '../known-databases/table-runs.ts';
import type { LiveState } from './state.ts';

/** An open database, and what belongs to it. */
export interface Joining {
  readonly reading: Pick<Reading, 'db' | 'layout'>;
  readonly file: string;
  readonly sensor: string;
  readonly context: SourceContext;
  readonly retryLocked: RetryLocked;
}

/**
 * The state with the runs of tables whose newest rows were deleted: those in `changed`, and those for which an import has
 * begun a further run. Logs a warning about each.
 */
export async function joinRuns(
  { reading, file, sensor, context, retryLocked }: Joining,
  state: LiveState,
  changed: readonly string[],
): Promise<LiveState> {
  const own = databaseOf(state, sensor);
  const tables = newestRuns(own, [own, ...(await databasesOfOthers(context, sensor))]);
  const begun = Object.keys(tables).filter(
    (table) => newestNumber(currentRun(tables, table)) > newestNumber(currentRun(state.tables, table)),
  );
  const toSettle = new Set([...changed, ...begun]);
  if (toSettle.size === 0) return state;
  const settled = await settleRuns(reading, { ...own, tables }, 'thorough', context, retryLocked);
  for (const warning of settled.warnings) context.log.warn(warning, { file });
  const joined: Record<string, readonly TableRun[]> = { ...state.tables };
  const rows: Record<string, number> = { ...state.rows };
  for (const table of toSettle) {
    joined[table] = settled.runs[table] ?? [];
    rows[table] = settled.earlier.get(table) ?? -1;
  }
  if (toSettle.has('connections')) {
    // Without a link, a row has no incident: the state knows better how far that was.
    const [last, read] = [rows['connections'] ?? -1, state.rows[linksTable] ?? -1];
    rows[linksTable] = Math.max(settled.earlier.get(linksTable) ?? -1, Math.min(read, last));
  }
  return { ...state, rows, tables: joined };
}
