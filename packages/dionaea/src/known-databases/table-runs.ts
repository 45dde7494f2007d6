import type { Value } from '@ihandler/core';
import { z } from 'zod';
import { linksTable } from '../database/reading.ts';
import { hasSameContent, isSameRow, type RowChecks } from './row-checks.ts';

/** The form in which a run of a table is stored. */
export const tableRunSchema = z.object({
  /** From which row on a stream has the rows: the row, and the number of the stream. */
  spans: z.array(z.tuple([z.number(), z.number()])),
  /** Rows that were read and their checks, the last row first. */
  anchors: z.array(z.tuple([z.number(), z.string()])),
});

/**
 * The rows of a table that were read. SQLite gives the ids of deleted newest rows to new rows. Then a further run begins, whose
 * rows from there on have a stream of their own.
 */
export type TableRun = Readonly<z.infer<typeof tableRunSchema>>;

/** The runs of each table, the current one first. */
export type TableRuns = Readonly<Record<string, readonly TableRun[]>>;

/** How many runs of a table are remembered. */
const rememberedRuns = 4;

/** The runs as a value to store. */
export function writeTableRuns(runs: TableRuns): Value {
  const write = ({ spans, anchors }: TableRun) => ({
    spans: spans.map((span) => [...span]),
    anchors: anchors.map((anchor) => [...anchor]),
  });
  return Object.fromEntries(Object.entries(runs).map(([table, list]) => [table, list.map(write)]));
}

const firstRun: TableRun = { spans: [[0, 0]], anchors: [] };

/** The table that has the rows of a stream: links come from the rows of connections. */
export function rowsTable(table: string): string {
  return table === linksTable ? 'connections' : table;
}

/** The current run of a table. */
export function currentRun(runs: TableRuns | undefined, table: string): TableRun {
  return runs?.[rowsTable(table)]?.[0] ?? firstRun;
}

/** The highest number of a stream in a run. */
export function newestNumber({ spans }: TableRun): number {
  return Math.max(0, ...spans.map(([, number]) => number));
}

/** The number of the stream that has a row. */
export function streamNumber({ spans }: TableRun, row: number): number {
  return spans.findLast(([from]) => from <= row)?.[1] ?? 0;
}

/** The runs after a further row was read, or after all rows were. */
export function withAnchors(runs: TableRuns, table: string, anchors: TableRun['anchors']): TableRuns {
  const [current = firstRun, ...others] = runs[table] ?? [];
  return { ...runs, [table]: [{ ...current, anchors }, ...others] };
}

/**
 * How to look: `quick` compares the last row only, for a database that is followed; an older copy of a database has no new
 * rows.
 */
export type Looks = 'quick' | 'thorough' | 'older copy';

/** The run of a table that has the rows which exist, and what to tell the operator about it. */
export interface ChosenRun {
  readonly runs: readonly TableRun[];
  /** The last row that was read. */
  readonly position: number;
  readonly warning: string;
}

/**
 * Whether the rows of a run are there; in an older copy, the last ones may be missing. Their connections may be others, which
 * have the ids of connections that were deleted without these rows.
 */
function isIntact(checks: RowChecks, table: string, { anchors }: TableRun, looks: Looks): boolean {
  return anchors.every(([row, check], index) => {
    const found = checks.checkOf(table, row);
    return found === undefined ? looks === 'older copy' || index > 0 : hasSameContent(check, found);
  });
}

/** A row that was not read, and the row up to which that is uncertain. */
interface FirstNew {
  readonly from: number;
  readonly uncertainTo?: number;
}

/** Whether a table has no rows but those of its current run, of which the last ones may be missing. */
export function isOlder(checks: RowChecks, runs: TableRuns | undefined, table: string): boolean {
  const { anchors } = currentRun(runs, table);
  const [newest] = anchors;
  if (newest === undefined) return true;
  return checks.lastRow(table) <= newest[0] && isIntact(checks, table, { spans: [], anchors }, 'older copy');
}

/** The first row that was not read. */
function firstNewRow(checks: RowChecks, table: string, { anchors }: TableRun, read: number): FirstNew {
  const found = anchors.map(([row, check]) => ({ row, check, found: checks.checkOf(table, row) }));
  const replaced = found.findLast((anchor) => anchor.found && !isSameRow(anchor.check, anchor.found));
  const last = checks.lastRow(table);
  if (anchors.length === 0) return { from: Math.min(last, read) + 1 };
  const kept = found.find((anchor) => anchor.found && anchor.row < (replaced?.row ?? Infinity))?.row ?? -1;
  // Rows between two anchors were read, or are new. Before the first one there were none.
  const next = anchors.findLast(([row]) => row > kept)?.[0] ?? kept + 1;
  const uncertainTo = kept < 0 ? kept : (checks.rowBefore(table, next) ?? kept);
  return { from: kept + 1, ...(uncertainTo > kept && { uncertainTo }) };
}

/**
 * Finds which run has the rows of a table; undefined when it is the current one. `read` is the last row that was read.
 */
export function chooseRun(
  checks: RowChecks,
  runs: TableRuns | undefined,
  table: string,
  read: number,
  looks: Looks,
): ChosenRun | undefined {
  const known = runs?.[table] ?? [];
  const current = known[0] ?? firstRun;
  const [newest] = current.anchors;
  const isEmpty = newest === undefined && checks.lastRow(table) >= read;
  const found = newest && checks.checkOf(table, newest[0]);
  if (looks === 'quick' && (isEmpty || (found && isSameRow(newest[1], found)))) return undefined;
  const topOf = ({ anchors }: TableRun) => anchors[0]?.[0] ?? -1;
  const intact = known
    .filter((run) => run.anchors.length > 0 && isIntact(checks, table, run, looks))
    .sort((a, b) => topOf(b) - topOf(a))[0];
  if (intact === current) return undefined;
  if (intact !== undefined) {
    const others = known.filter((run) => run !== intact);
    const warning = `earlier rows of the table ${table} are back: reading the rows after row ${topOf(intact)} as new`;
    return { runs: [intact, ...others].slice(0, rememberedRuns), position: topOf(intact), warning };
  }
  if (isEmpty || looks === 'older copy') return undefined;
  // The run with most of the rows that are left, which may be one before the current one.
  const [nearest, { from, uncertainTo }] = (known.length > 0 ? known : [current])
    .filter((run) => run === current || run.anchors.length > 0)
    .map((run) => [run, firstNewRow(checks, table, run, read)] as const)
    .reduce((best, other) => (other[1].from > best[1].from ? other : best));
  const number = Math.max(0, ...known.map(newestNumber)) + 1;
  const kept = nearest.spans.filter(([start]) => start < from);
  const next: TableRun = {
    spans: [...kept, [from, number]],
    anchors: nearest.anchors.filter(([row]) => row < from),
  };
  const twice =
    uncertainTo === undefined
      ? ''
      : `. It cannot be decided whether the rows ${from} to ${uncertainTo} were read before: if they were, they are stored twice`;
  return {
    runs: [next, ...(known.length > 0 ? known : [current])].slice(0, rememberedRuns),
    position: from - 1,
    warning: `the newest rows of the table ${table} were deleted after they were read: reading rows with ids from ${from} as new${twice}`,
  };
}

/** The last row that a host has, which has the streams up to `doneOf`. A stream may lack rows: not each has an incident. */
export function positionIn(
  checks: Pick<RowChecks, 'rowBefore'>,
  table: string,
  { spans }: TableRun,
  doneOf: (number: number) => number,
): number {
  for (const [index, [from, number]] of [...spans.entries()].reverse()) {
    const done = doneOf(number);
    if (done < from && index > 0) continue;
    const next = spans[index + 1]?.[0];
    const isComplete = next !== undefined && done >= (checks.rowBefore(table, next) ?? -1);
    return isComplete ? next - 1 : Math.max(done, from - 1);
  }
  return -1;
}
