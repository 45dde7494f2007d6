import { stat } from 'node:fs/promises';
import type { SourceContext } from '@ihandler/core';
import { describeConnection, identify } from '../database/identify.ts';
import { readLayout } from '../database/layout.ts';
import {
  createRetryLocked,
  type Database,
  openDatabase,
  type RetryLocked,
} from '../database/open-database.ts';
import { createTimeNear, linksTable, type Reading } from '../database/reading.ts';
import { foreignDatabase, hasConnections } from '../database/recognise-database.ts';
import { createRelatedRows } from '../database/related-rows.ts';
import { tableMappings } from '../database/tables/tables.ts';
import { databasesOf, databasesOfOthers, withFewAnchors } from '../known-databases/other-sources.ts';
import { recogniseRows } from '../known-databases/recognise.ts';
import { createRecordedIds, recordsIds } from '../known-databases/recorded-ids.ts';
import { checkOfConnection } from '../known-databases/row-checks.ts';
import { settleRuns } from '../known-databases/settle-runs.ts';
import { isSameEntry } from '../known-databases/state.ts';
import { createPathMapping, relativePathWarning, rootOf, samplePaths } from '../map-path.ts';
import { type Joining, joinRuns } from './join-runs.ts';
import type { LiveDatabaseSettings } from './options.ts';
import { checkOf, copyTag, createStreamOf, type LiveState, watchedConnections } from './state.ts';

/** An open database that is followed. */
export interface LiveDatabase {
  readonly reading: Reading;
  readonly retryLocked: RetryLocked;
  /** Device and inode. */
  readonly id: string;
  /** The position at which reading resumes. */
  readonly state: LiveState;
  /** The version of the schema when it was opened. */
  readonly schema: unknown;
  /** The version of the schema now, which changes with tables and columns. */
  currentSchema(): unknown;
  /** The version of the data, which changes when another program writes. */
  version(): unknown;
}

/** How long a read may block this program while dionaea writes, and the pause before the next attempt, in milliseconds. */
const [busyTimeout, pause] = [5, 20];

/** Few enough that a commit of dionaea waits only a millisecond or two. */
const pageRows = 100;

/** Device and inode of a file; undefined when they cannot be read. */
export async function idOfFile(file: string): Promise<string | undefined> {
  const stats = await stat(file, { bigint: true }).catch(() => undefined);
  return stats && `${stats.dev}:${stats.ino}`;
}

/** How many databases that were at a place before are remembered. */
const rememberedEarlier = 16;

/** The tables whose rows the state counts. */
export const countedTables = ['connections', linksTable, ...tableMappings.map(({ table }) => table)];

/** Whether dionaea has created its tables; throws `TARGET_UNREADABLE` when there are only other tables. */
function isOfDionaea(db: Database, file: string): boolean {
  if (hasConnections(db)) return true;
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table'").get() === undefined) return false;
  throw foreignDatabase(file);
}

/** The links that an import has reported: those of watched connections up to its last link. */
function linksUpTo({ db, layout }: Pick<Reading, 'db' | 'layout'>, last: number): number[] {
  if (last < 0 || layout.column('connections', ['connection_parent']) === undefined) return [];
  return db
    .prepare<[number, number], [number, number]>(
      `SELECT connection, connection_parent FROM connections WHERE connection > ? AND connection <= ?
       AND typeof(connection_parent) = 'integer' AND connection_parent <> connection`,
    )
    .raw()
    .all(last - watchedConnections, last)
    .flat();
}

/** Whether the last connection that was read is unchanged; then it is the same database, even if old rows were deleted. */
export function isSame(reading: Pick<Reading, 'db' | 'layout'>, state: LiveState): boolean {
  const read = state.rows['connections'] ?? -1;
  // Before the first row is read, an import may have recognised the database by a row of its own.
  const [last, check] = read < 0 ? (state.anchors?.[0] ?? [read, '']) : [read, state.check];
  if (last < 0) return identify(reading.db, reading.layout) === state.identity;
  return checkOf(describeConnection(reading.db, reading.layout, last)) === check;
}

/** The state to resume at: the earlier one, or the start of another database, which an import may have read. */
async function resumeState(
  { reading, file, sensor, context, retryLocked }: Joining,
  before: LiveState | undefined,
): Promise<LiveState> {
  if (before !== undefined && (await retryLocked(() => isSame(reading, before))))
    return joinRuns({ reading, file, sensor, context, retryLocked }, before, []);
  const own = before === undefined ? [] : databasesOf(before, sensor);
  const known = [...own, ...(await databasesOfOthers(context, sensor))];
  const { database, warning } = await retryLocked(() => recogniseRows(reading, file, sensor, known));
  if (warning !== undefined) context.log.warn(warning, { file });
  const { identity, generation } = database;
  const settled = await settleRuns(reading, database, 'thorough', context, retryLocked);
  for (const reused of settled.warnings) context.log.warn(reused, { file });
  const rows = Object.fromEntries(settled.earlier);
  const row = await retryLocked(() =>
    describeConnection(reading.db, reading.layout, rows['connections'] ?? -1),
  );
  const told = await retryLocked(() => linksUpTo(reading, rows[linksTable] ?? -1));
  const late = before?.late ?? 0;
  const earlier = own
    .filter((other) => !isSameEntry(other, database))
    .slice(0, rememberedEarlier)
    .map(withFewAnchors);
  const state = { version: 1 as const, identity, generation, rows, check: checkOf(row), told, late };
  // From the last row on that is still there.
  const anchors = await retryLocked(() => {
    const isThere = ([at, hash]: readonly [number, string]) =>
      checkOfConnection(reading.db, reading.layout, at) === hash;
    const kept = database.anchors.findIndex(isThere);
    return kept < 0 ? [] : database.anchors.slice(kept);
  });
  const resumed = {
    ...state,
    sensor,
    file,
    anchors,
    tables: settled.runs,
    ...(earlier.length > 0 && { earlier }),
  };
  const isReused = before !== undefined && own[0] !== undefined && isSameEntry(own[0], database);
  return isReused ? withLinksOf(before, resumed) : resumed;
}

/** The state for a database whose newest connections were deleted: links of the others were reported. */
function withLinksOf(before: LiveState, state: LiveState): LiveState {
  const last = state.rows['connections'] ?? -1;
  const rows = { ...state.rows, [linksTable]: Math.min(before.rows[linksTable] ?? -1, last) };
  const told: number[] = [];
  for (let at = 0; at + 1 < before.told.length; at += 2)
    if ((before.told[at] ?? 0) <= last) told.push(before.told[at] ?? 0, before.told[at + 1] ?? 0);
  const lastLink = (before.lastLink ?? -1) <= last ? before.lastLink : undefined;
  return { ...state, rows, told, ...(lastLink !== undefined && { lastLink }) };
}

/**
 * Opens a database to follow it; undefined when it has no connections yet, since the first connection identifies it. Throws
 * `TARGET_UNREADABLE` when it cannot be read.
 */
export async function openLive(
  settings: LiveDatabaseSettings,
  before: LiveState | undefined,
  context: SourceContext,
): Promise<LiveDatabase | undefined> {
  const { file } = settings;
  const sensor = settings.sensor ?? context.sensor;
  const id = await idOfFile(file);
  if (id === undefined) return undefined;
  const retryLocked = createRetryLocked(file, context, pause);
  const db = await openDatabase(file, retryLocked, busyTimeout);
  try {
    // Another file may have taken its place while it was opened.
    const isReady = (await idOfFile(file)) === id && (await retryLocked(() => isOfDionaea(db, file)));
    const layout = await retryLocked(() => readLayout(db));
    const identity = isReady ? await retryLocked(() => identify(db, layout)) : '';
    if (identity === '') {
      db.close();
      return undefined;
    }
    const reading = { db, layout };
    const state = await resumeState({ reading, file, sensor, context, retryLocked }, before);
    const pragma = (name: string) => db.pragma(name, { simple: true });
    return {
      reading: {
        db,
        layout,
        sensor,
        local: !settings.remote,
        pageRows,
        related: createRelatedRows(db, layout),
        timeNear: await retryLocked(() => createTimeNear(db)),
        streamOf: createStreamOf(state, sensor),
        mapPaths: createPathMapping(
          samplePaths(settings),
          rootOf(settings),
          relativePathWarning(context, !settings.remote),
        ),
        places: new WeakMap(),
        recorded: await retryLocked(() =>
          recordsIds(db) ? createRecordedIds(db, copyTag(state)) : undefined,
        ),
      },
      retryLocked,
      id,
      state,
      schema: await retryLocked(() => pragma('schema_version')),
      currentSchema: () => pragma('schema_version'),
      version: () => pragma('data_version'),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}
