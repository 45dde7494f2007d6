import { describeConnection, identify, isOwnIdentity, lastRow } from '../database/identify.ts';
import type { Layout } from '../database/layout.ts';
import type { Database } from '../database/open-database.ts';
import { isSameEntry, type KnownDatabase, shortHash } from './state.ts';
import { newestNumber, type TableRun } from './table-runs.ts';

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

function checkOf({ db, layout }: OpenDatabase, row: number): string | undefined {
  const described = describeConnection(db, layout, row);
  return described === '' ? undefined : shortHash(described);
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
    const check = checkOf(open, row);
    if (check !== undefined) anchors.push([row, check]);
    if (anchors.length > denseAnchors) distance *= 2;
    at = row - distance;
  }
  const first = anchors.at(-1)?.[0] ?? Number.POSITIVE_INFINITY;
  const deleted = before.filter(([row]) => row < first);
  const kept = deleted.length > mostDeleted ? deleted.filter((_, index) => index % 2 === 0) : deleted;
  return [...anchors, ...kept.map(([row, check]): [number, string] => [row, check])];
}

/**
 * How the rows of a database compare with the anchors of a known one. With `growing`, one whose newest row is missing is
 * another database: it will use the ids of the missing rows again.
 */
function compare(
  open: OpenDatabase,
  { anchors }: KnownDatabase,
  growing: boolean,
): 'same' | 'other' | 'unknown' {
  let isSame = false;
  for (const [index, [row, check]] of anchors.entries()) {
    const found = checkOf(open, row);
    if (found !== undefined && found !== check) return 'other';
    if (index === 0 && growing && found === undefined) return 'unknown';
    isSame ||= found === check;
  }
  return isSame ? 'same' : 'unknown';
}

/** For each table, the runs that any source knows, the newest first. */
export function newestRuns(
  database: KnownDatabase,
  known: readonly KnownDatabase[],
): NonNullable<KnownDatabase['tables']> {
  const all: Record<string, Map<string, TableRun>> = {};
  for (const other of known.filter((entry) => isSameEntry(entry, database)))
    for (const [table, runs] of Object.entries(other.tables ?? {})) {
      all[table] ??= new Map();
      for (const run of runs) all[table].set(JSON.stringify([run.spans, run.anchors[0]]), run);
    }
  const topOf = ({ anchors }: TableRun) => anchors[0]?.[0] ?? -1;
  const sorted = Object.entries(all).map(([table, runs]) => [
    table,
    [...runs.values()].sort((a, b) => newestNumber(b) - newestNumber(a) || topOf(b) - topOf(a)),
  ]);
  return Object.fromEntries(sorted);
}

/**
 * Recognises a database by rows that were read before, although rows at its beginning or end may have been deleted. Another
 * database that begins with the same row, such as a copy that grew on its own, is a further generation. `growing`: it is
 * followed.
 */
export function recogniseRows(
  open: OpenDatabase,
  file: string,
  sensor: string,
  known: readonly KnownDatabase[],
  use: 'growing' | 'once' = 'once',
): RecognisedDatabase {
  const identity = identify(open.db, open.layout);
  const isOwn = isOwnIdentity(identity);
  const ofSensor = known.filter(
    (other) =>
      other.sensor === sensor && (isOwn ? other.identity === identity : !isOwnIdentity(other.identity)),
  );
  const results = ofSensor.map((database) => [database, compare(open, database, use === 'growing')] as const);
  const same = results.find(([, result]) => result === 'same')?.[0];
  if (same !== undefined) return { database: { ...same, file, tables: newestRuns(same, known) } };
  const generations = ofSensor
    .filter((database) => database.identity === identity)
    .map(({ generation }) => generation);
  const generation = Math.max(-1, ...generations) + 1;
  const database = { sensor, identity, generation, file, anchors: [], links: [] };
  const first = open.db.prepare<[], number>('SELECT min(connection) FROM connections').pluck().get() ?? 0;
  const undecided = results.some(
    ([other, result]) => result === 'unknown' && other.file === file && first > 1,
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
