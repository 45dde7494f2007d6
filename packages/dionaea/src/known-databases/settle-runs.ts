import type { SourceContext } from '@ihandler/core';
import type { RetryLocked } from '../database/open-database.ts';
import { linksTable, type Reading } from '../database/reading.ts';
import { tableStream } from '../live-database/state.ts';
import { createRowChecks, type RowChecks } from './row-checks.ts';
import type { KnownDatabase } from './state.ts';
import {
  chooseRun,
  currentRun,
  type Looks,
  positionIn,
  rowsTable,
  type TableRuns,
  withAnchors,
} from './table-runs.ts';

/** The streams of a database, and how far a host has them. */
export interface SettledRuns {
  readonly runs: TableRuns;
  /** The last row of each table that the host has. */
  readonly earlier: ReadonlyMap<string, number>;
  /** Tables whose newest rows were deleted. */
  readonly warnings: readonly string[];
}

/** The last row of a table that the host has, by the streams of its current run. */
async function positionOf(
  checks: RowChecks,
  database: KnownDatabase,
  table: string,
  { resumeAfter }: Pick<SourceContext, 'resumeAfter'>,
  retryLocked: RetryLocked,
): Promise<number> {
  const run = currentRun(database.tables, table);
  const done = new Map<number, number>();
  for (const [, number] of run.spans)
    done.set(number, (await resumeAfter(tableStream(database, database.sensor, table, number))) ?? -1);
  return retryLocked(() => positionIn(checks, rowsTable(table), run, (number) => done.get(number) ?? -1));
}

/** Finds which streams have the rows of a database, and how far the host has them. */
export async function settleRuns(
  { db, layout }: Pick<Reading, 'db' | 'layout'>,
  database: KnownDatabase,
  looks: Looks,
  context: Pick<SourceContext, 'resumeAfter'>,
  retryLocked: RetryLocked,
): Promise<SettledRuns> {
  const checks = await retryLocked(() => createRowChecks(db, layout));
  const earlier = new Map<string, number>();
  let runs: TableRuns = database.tables ?? {};
  const warnings: string[] = [];
  for (const table of checks.tables) {
    const read = await positionOf(checks, { ...database, tables: runs }, table, context, retryLocked);
    const chosen = await retryLocked(() => chooseRun(checks, runs, table, read, looks));
    if (chosen === undefined) {
      earlier.set(table, read);
      continue;
    }
    runs = { ...runs, [table]: [...chosen.runs] };
    if (chosen.warning !== '') warnings.push(chosen.warning);
    earlier.set(table, await positionOf(checks, { ...database, tables: runs }, table, context, retryLocked));
  }
  const settled = { ...database, tables: runs };
  earlier.set(linksTable, await positionOf(checks, settled, linksTable, context, retryLocked));
  return { runs, earlier, warnings };
}

/** The runs to remember after all rows were read, or those up to `ends`. */
export function allRead(
  checks: RowChecks,
  before: TableRuns,
  ends: Readonly<Record<string, number>> = {},
): TableRuns {
  let runs = before;
  for (const table of checks.tables) {
    // Rows that were replaced meanwhile are for the next time.
    const read = before[table]?.[0]?.anchors[0]?.[0] ?? -1;
    if (chooseRun(checks, before, table, read, 'quick') !== undefined) continue;
    const anchors = checks.anchorsOf(table, ends[table]);
    const isKnown = (before[table] ?? []).length > 0;
    if (anchors.length > 0 || isKnown) runs = withAnchors(runs, table, anchors);
  }
  return runs;
}
