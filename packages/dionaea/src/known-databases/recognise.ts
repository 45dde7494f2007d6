import { identify, isOwnIdentity, lastRow } from '../database/identify.ts';
import type { Layout } from '../database/layout.ts';
import type { Database } from '../database/open-database.ts';
import { type Anchors, checkOfConnection } from './row-checks.ts';
import { isSameEntry, type KnownDatabase } from './state.ts';
import { newestNumber, type TableRun, type TableRuns } from './table-runs.ts';

/** How many of the last rows are anchors; before them, the distance doubles from one to the next. */
const denseAnchors = 16;

/** How many anchors whose rows were deleted stay; of more, every second one. */
const mostDeleted = 24;

/** A database that is read, and what to tell the operator about it. */
export interface RecognisedDatabase {
  readonly database: KnownDatabase;
  readonly warning?: string;
}

interface OpenDatabase {
  readonly db: Database;
  readonly layout: Layout;
}

/**
 * Hashes of the last rows, and of some before them, so that the database is known again when rows are deleted anywhere.
 * Some of those in `before` whose rows were deleted stay: an older copy still has these rows.
 */
export function takeAnchors(
  open: OpenDatabase,
  before: KnownDatabase['anchors'] = [],
): KnownDatabase['anchors'] {
  const rowBefore = open.db
    .prepare<[number], number>(
      'SELECT connection FROM connections WHERE connection <= ? ORDER BY connection DESC LIMIT 1',
    )
    .pluck();
  const anchors: [number, string][] = [];
  let distance = 1;
  for (let at = lastRow(open.db, 'connections'); at > 0; ) {
    const row = rowBefore.get(at);
    if (row === undefined) break;
    const check = checkOfConnection(open.db, open.layout, row);
    if (check !== undefined) anchors.push([row, check]);
    if (anchors.length > denseAnchors) distance *= 2;
    at = row - distance;
  }
  const first = anchors.at(-1)?.[0] ?? Number.POSITIVE_INFINITY;
  const deleted = before.filter(([row]) => row < first);
  const kept = deleted.length > mostDeleted ? deleted.filter((_, index) => index % 2 === 0) : deleted;
  return [...anchors, ...kept.map(([row, check]): [number, string] => [row, check])];
}

/** How the rows of a database compare with those of a known one. */
interface Comparison {
  readonly database: KnownDatabase;
  /** The last row that is the same; -1 for none. */
  readonly last: number;
  /** Whether a row has an id that another row had. */
  readonly differs: boolean;
}

/** Rows that are the same below all those that differ are of the same database: only ids of deleted newest rows are used again. */
function compareRows({ db, layout }: OpenDatabase, anchors: Anchors): Omit<Comparison, 'database'> {
  let last = -1;
  let firstOther = Number.POSITIVE_INFINITY;
  for (const [row, check] of anchors) {
    const found = checkOfConnection(db, layout, row);
    if (found === check) last = Math.max(last, row);
    else if (found !== undefined) firstOther = Math.min(firstOther, row);
  }
  return { last: last < firstOther ? last : -1, differs: firstOther < Number.POSITIVE_INFINITY };
}

/** Compares with all rows that are remembered of a database. */
function compare(open: OpenDatabase, database: KnownDatabase): Comparison {
  const runs = runsOf(database)['connections'] ?? [];
  const compared = [database.anchors, ...runs.map(({ anchors }) => anchors)].map((anchors) =>
    compareRows(open, anchors),
  );
  return { database, ...nearest(compared) };
}

/** The one with most of the same rows, preferably without others; of at least one. */
function nearest<T extends Omit<Comparison, 'database'>>(compared: readonly T[]): T {
  return compared.reduce((best, other) =>
    other.last > best.last || (other.last === best.last && best.differs && !other.differs) ? other : best,
  );
}

/** The runs of each table. States of earlier versions have none of `connections`. */
function runsOf({ anchors, tables }: KnownDatabase): TableRuns {
  if (anchors.length === 0 || tables?.['connections'] !== undefined) return tables ?? {};
  return { ...tables, connections: [{ spans: [[0, 0]], anchors }] };
}

const topOf = ({ anchors }: TableRun) => anchors[0]?.[0] ?? -1;

/** Whether a source read more of the same run than another one, or remembers more. */
function isFurther(run: TableRun, other: TableRun): boolean {
  if (topOf(run) !== topOf(other)) return topOf(run) > topOf(other);
  return run.anchors.length > other.anchors.length;
}

/** For each table, the runs that any source knows, the newest first. */
export function newestRuns(
  database: KnownDatabase,
  known: readonly KnownDatabase[],
): NonNullable<KnownDatabase['tables']> {
  const all: Record<string, Map<string, TableRun>> = {};
  for (const other of known.filter((entry) => isSameEntry(entry, database)))
    for (const [table, runs] of Object.entries(runsOf(other))) {
      const found = all[table] ?? new Map<string, TableRun>();
      all[table] = found;
      for (const run of runs) {
        const key = JSON.stringify(run.spans);
        const other = found.get(key);
        if (other === undefined || isFurther(run, other)) found.set(key, run);
      }
    }
  const sorted = Object.entries(all).map(([table, runs]) => [
    table,
    [...runs.values()].sort((a, b) => newestNumber(b) - newestNumber(a) || topOf(b) - topOf(a)),
  ]);
  return Object.fromEntries(sorted);
}

/**
 * Recognises a database by rows that were read before, although rows at its beginning or end may have been deleted, and the ids
 * of those at its end used again. Another database that begins with the same row and has none of the other known ones is a
 * further generation.
 */
export function recogniseRows(
  open: OpenDatabase,
  file: string,
  sensor: string,
  known: readonly KnownDatabase[],
): RecognisedDatabase {
  const identity = identify(open.db, open.layout);
  const isOwn = isOwnIdentity(identity);
  const ofSensor = known.filter(
    (other) =>
      other.sensor === sensor && (isOwn ? other.identity === identity : !isOwnIdentity(other.identity)),
  );
  const results = ofSensor.map((database) => compare(open, database));
  const best = results.length > 0 ? nearest(results) : undefined;
  if (best !== undefined && best.last >= 0)
    return { database: { ...best.database, file, tables: newestRuns(best.database, known) } };
  const generations = ofSensor
    .filter((database) => database.identity === identity)
    .map(({ generation }) => generation);
  const generation = Math.max(-1, ...generations) + 1;
  const database = { sensor, identity, generation, file, anchors: [], links: [] };
  const first = open.db.prepare<[], number>('SELECT min(connection) FROM connections').pluck().get() ?? 0;
  const undecided = results.some(
    ({ database: other, differs }) => !differs && other.file === file && first > 1,
  );
  if (undecided)
    return {
      database,
      warning:
        'none of the rows that were read before is left in this database: reading all its rows as new. If rows were stored before that are still in it, they are stored twice',
    };
  if (generation > 0)
    return {
      database,
      warning:
        'this database begins like one that was read before, but differs later: reading all its rows as new',
    };
  return { database };
}
