import { stat } from 'node:fs/promises';
import type { SourceContext } from '@ihandler/core';
import { describeConnection, identify } from '../database/identify/identify.ts';
import { hasConnections, readLayout } from '../database/layout.ts';
import { createPatience, type Database, openDatabase, type Patiently } from '../database/open-database.ts';
import { linksTable } from '../database/read-connections.ts';
import { createTimeNear, type Reading } from '../database/reading.ts';
import { createRelatedRows } from '../database/related-rows.ts';
import { tableMappings } from '../database/tables.ts';
import { createPathMapping } from '../map-path.ts';
import { unreadable } from '../unreadable.ts';
import type { LiveDatabaseSettings } from './options.ts';
import { checkOf, type LiveState, tableStream, watchedConnections } from './state.ts';

/** A database that is followed. */
export interface LiveDatabase {
  readonly reading: Reading;
  readonly patiently: Patiently;
  /** Device and inode. */
  readonly id: string;
  /** Where reading goes on. */
  readonly state: LiveState;
  /** Changes when tables or columns do. */
  readonly schema: unknown;
  /** Changes when another program has written. */
  version(): unknown;
}

/** How long a look blocks this program while dionaea writes, and how long it waits then, in milliseconds. */
const [blockingWait, pause] = [5, 20];

/** So few that a commit of dionaea's waits a millisecond or two. */
const pageRows = 100;

/** Device and inode of a file; undefined when it cannot be looked at. */
export async function idOfFile(file: string): Promise<string | undefined> {
  const stats = await stat(file, { bigint: true }).catch(() => undefined);
  return stats && `${stats.dev}:${stats.ino}`;
}

/** Every name under which rows are counted. */
export const countedTables = ['connections', linksTable, ...tableMappings.map(({ table }) => table)];

/** Whether dionaea has made its tables; throws `TARGET_UNREADABLE` when there are only others. */
function isOfDionaea(db: Database, file: string): boolean {
  if (hasConnections(db)) return true;
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table'").get() === undefined) return false;
  throw unreadable(
    file,
    'this SQLite database has no table "connections" as dionaea makes it.',
    'Name the file that log_sqlite writes (dionaea.sqlite, in old versions logsql.sqlite).',
  );
}

/** Where to begin in a database that the source has not read, but the journal may have: it was imported. */
async function beginning(
  identity: string,
  generation: number,
  sensor: string,
  context: SourceContext,
): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  for (const table of countedTables)
    rows[table] = (await context.resumeAfter(tableStream({ identity, generation }, sensor, table))) ?? -1;
  return rows;
}

/** The links that an import told of: of what is watched, those up to its last one. */
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

/** Whether the last connection that was taken is still there as it was; then it is the same database, pruned or not. */
export function isSame(reading: Pick<Reading, 'db' | 'layout'>, state: LiveState): boolean {
  const last = state.rows['connections'] ?? -1;
  if (last < 0) return identify(reading.db, reading.layout) === state.identity;
  return checkOf(describeConnection(reading.db, reading.layout, last)) === state.check;
}

/** Goes on where the state says, or from the start of what is another database. */
async function place(
  reading: Pick<Reading, 'db' | 'layout'>,
  identity: string,
  before: LiveState | undefined,
  sensor: string,
  context: SourceContext,
  patiently: Patiently,
): Promise<LiveState> {
  if (before !== undefined && (await patiently(() => isSame(reading, before)))) return before;
  const generation = before?.identity === identity ? before.generation + 1 : 0;
  if (generation > 0)
    context.log.warn('the database is another one that begins with the same row: it is read from its start');
  const rows = await beginning(identity, generation, sensor, context);
  const row = await patiently(() =>
    describeConnection(reading.db, reading.layout, rows['connections'] ?? -1),
  );
  const told = await patiently(() => linksUpTo(reading, rows[linksTable] ?? -1));
  const late = before?.late ?? 0;
  return { version: 1, identity, generation, rows, check: checkOf(row), told, late };
}

/**
 * Opens a database to follow it; undefined when it has no connections yet. The first one names it, so there is nothing to
 * read before. Throws `TARGET_UNREADABLE` for what cannot be read.
 */
export async function openLive(
  { file, paths, ...settings }: LiveDatabaseSettings,
  before: LiveState | undefined,
  context: SourceContext,
): Promise<LiveDatabase | undefined> {
  const sensor = settings.sensor ?? context.sensor;
  const id = await idOfFile(file);
  if (id === undefined) return undefined;
  const patiently = createPatience(file, context, pause);
  const db = await openDatabase(file, patiently, blockingWait);
  try {
    // Another one may have been put in its place while it was opened.
    const isThere = (await idOfFile(file)) === id && (await patiently(() => isOfDionaea(db, file)));
    const layout = await patiently(() => readLayout(db));
    const identity = isThere ? await patiently(() => identify(db, layout)) : '';
    if (identity === '') {
      db.close();
      return undefined;
    }
    const state = await place({ db, layout }, identity, before, sensor, context, patiently);
    const streams = new Map(countedTables.map((table) => [table, tableStream(state, sensor, table)]));
    const pragma = (name: string) => db.pragma(name, { simple: true });
    return {
      reading: {
        db,
        layout,
        sensor,
        local: !settings.remote,
        pageRows,
        related: createRelatedRows(db, layout),
        timeNear: await patiently(() => createTimeNear(db)),
        streamOf: (table) => streams.get(table) ?? tableStream(state, sensor, table),
        mapPaths: createPathMapping(paths),
      },
      patiently,
      id,
      state,
      schema: await patiently(() => pragma('schema_version')),
      version: () => pragma('data_version'),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}
