import type { Incident, SourceContext } from '@ihandler/core';
import { nameOf, type Text, unreadable } from '@ihandler/source-kit';
import { databasesOfOthers } from '../known-databases/other-sources.ts';
import { checkpointIn, isCovered } from '../known-databases/own-database.ts';
import { createPastLinks, linksKept, type PastLinks } from '../known-databases/past-links.ts';
import { type RecognisedDatabase, recogniseRows, takeAnchors } from '../known-databases/recognise.ts';
import { createRecordedIds, recordsIds } from '../known-databases/recorded-ids.ts';
import { createRowChecks } from '../known-databases/row-checks.ts';
import { allRead, settleRuns } from '../known-databases/settle-runs.ts';
import { type KnownDatabase, readKnownDatabases, writeKnownDatabases } from '../known-databases/state.ts';
import { isOlder, type TableRuns } from '../known-databases/table-runs.ts';
import { copyTag, createStreamOf } from '../live-database/state.ts';
import { createPathMapping, importRootOf, relativePathWarning, samplePaths } from '../map-path.ts';
import type { Settings } from '../options.ts';
import { type Cursor, createCursor, type Page } from './cursor.ts';
import { lastRow } from './identify.ts';
import { readLayout } from './layout.ts';
import { mergeInOrder } from './merge.ts';
import { createRetryLocked, type Database, openDatabase, type RetryLocked } from './open-database.ts';
import { createConnectionsReader } from './read-connections.ts';
import { createTableReader } from './read-table.ts';
import { createTimeNear, linksTable, type Reading } from './reading.ts';
import { foreignDatabase, hasConnections } from './recognise-database.ts';
import { createRelatedRows } from './related-rows.ts';
import { tableMappings } from './tables/tables.ts';
import { copyUncompressed, type TemporaryCopy } from './uncompressed-copy.ts';

/** A database to read, and which one it is. */
interface Prepared extends RecognisedDatabase {
  readonly reading: Reading;
  /** Whether it is an older copy of a database that was read. */
  readonly isOlder: boolean;
}

function prepareReading(
  db: Database,
  settings: Settings,
  sensor: string,
  known: readonly KnownDatabase[],
  onRelative: ((path: string) => void) | undefined,
): Prepared {
  const { file, local } = settings;
  if (!hasConnections(db)) throw foreignDatabase(file);
  const layout = readLayout(db);
  const recognised = recogniseRows({ db, layout }, file, sensor, known);
  const reading: Reading = {
    db,
    layout,
    sensor,
    related: createRelatedRows(db, layout),
    timeNear: createTimeNear(db),
    streamOf: createStreamOf(recognised.database, sensor),
    ...(local && { local }),
    mapPaths: createPathMapping(
      samplePaths({ ...settings, remote: !local }),
      importRootOf(settings),
      onRelative,
    ),
    places: new WeakMap(),
    recorded: recordsIds(db) ? createRecordedIds(db, copyTag(recognised.database)) : undefined,
  };
  return { ...recognised, reading, isOlder: isOlderCopy(recognised.database, reading) };
}

/** How far the handlers have the copies of a database of log-sqlite. */
async function withCopiesDone(
  reading: Reading,
  context: SourceContext,
  retryLocked: RetryLocked,
): Promise<Reading> {
  const copiesDone = new Map<string, number>();
  for (const stream of await retryLocked(() => reading.recorded?.streams() ?? []))
    copiesDone.set(stream, (await context.resumeAfter(stream)) ?? -1);
  return { ...reading, copiesDone };
}

/** Whether this is an older copy of a database that was read. */
function isOlderCopy({ anchors, tables }: KnownDatabase, reading: Pick<Reading, 'db' | 'layout'>): boolean {
  const checks = createRowChecks(reading.db, reading.layout);
  const [newest] = anchors;
  if (newest === undefined || checks.lastRow('connections') >= newest[0]) return false;
  return checks.tables.every((table) => isOlder(checks, tables, table));
}

/** What to remember of a database that was read to its end. */
function toRemember(prepared: Prepared, runs: TableRuns, links: PastLinks): KnownDatabase {
  const { database, reading } = prepared;
  if (prepared.isOlder) return { ...database, links: links.toRemember() };
  const anchors = takeAnchors(reading, database.anchors);
  return {
    ...database,
    anchors,
    tables: allRead(createRowChecks(reading.db, reading.layout), runs),
    links: links.toRemember(),
  };
}

/** Opens cursors over the rows that exist now. Rows that a running dionaea adds meanwhile are for the next import. */
async function openCursors(
  reading: Reading,
  earlier: ReadonlyMap<string, number>,
  retryLocked: RetryLocked,
): Promise<{ connections: Cursor; others: Cursor[]; after: number }> {
  const { db, layout } = reading;
  const mappings = tableMappings.filter(({ table }) => layout.has(table));
  const last = await retryLocked(() =>
    db.transaction(
      () => new Map(['connections', ...mappings.map(({ table }) => table)].map((t) => [t, lastRow(db, t)])),
    )(),
  );
  const withRetry = (read: (after: number, last: number) => Page) => (from: number, to: number) =>
    retryLocked(() => read(from, to));
  const cursorOf = (table: string, after: number, read: (after: number, last: number) => Page) =>
    createCursor(after, last.get(table) ?? 0, withRetry(read));
  const afterOf = (table: string) => earlier.get(table) ?? -1;

  const done = { connections: afterOf('connections'), links: afterOf(linksTable) };
  const read = await retryLocked(() => createConnectionsReader(reading, done));
  const connections = cursorOf('connections', Math.min(done.connections, done.links), read);
  const others: Cursor[] = [];
  for (const mapping of mappings) {
    const { table } = mapping;
    const readTable = await retryLocked(() => createTableReader(reading, mapping));
    others.push(cursorOf(table, afterOf(table), readTable));
  }
  return { connections, others, after: done.connections };
}

/**
 * Reads the rows of a dionaea's database as the incidents from which dionaea wrote them. Each table is a stream in row
 * order, and the rows of a connection follow it. The database is not locked while handlers work. A gzipped database is
 * first uncompressed to a temporary file.
 */
export async function readDatabase(text: Text, settings: Settings, context: SourceContext): Promise<void> {
  const { file } = settings;
  if (text.live)
    throw unreadable(
      file,
      'a database cannot be read from a pipe.',
      `Name a file instead of ${nameOf(file)}.`,
    );
  const retryLocked = createRetryLocked(file, context);
  let copy: TemporaryCopy | undefined;
  let db: Database | undefined;
  try {
    copy = text.seekable ? undefined : await copyUncompressed(text, context.signal);
    const opened = await openDatabase(copy?.path ?? file, retryLocked);
    db = opened;
    const sensor = settings.sensor ?? context.sensor;
    const stored = await retryLocked(() => checkpointIn(opened));
    if (stored !== undefined && (await isCovered(stored, context))) {
      context.log.info('the handlers have everything that this database of ihandler has', { file });
      return;
    }
    const state = await context.state();
    const known = readKnownDatabases(state);
    const all = [...known, ...(await databasesOfOthers(context, sensor))];
    const onRelative = relativePathWarning(context, settings.local);
    const prepared = await retryLocked(() => prepareReading(opened, settings, sensor, all, onRelative));
    const { database, warning } = prepared;
    if (warning !== undefined) context.log.warn(warning, { file });
    const looks = prepared.isOlder ? 'older copy' : 'thorough';
    const settled = await settleRuns(prepared.reading, database, looks, context, retryLocked);
    const { runs, earlier, warnings } = settled;
    const streamOf = createStreamOf({ ...database, tables: runs }, sensor);
    const reading = await withCopiesDone({ ...prepared.reading, streamOf }, context, retryLocked);
    const past = { ...database, links: linksKept(database.links, runs, database.tables) };
    const links = createPastLinks(reading, past, earlier.get(linksTable) ?? -1, context, retryLocked);
    for (const reused of warnings) context.log.warn(reused, { file });
    const { connections, others, after } = await openCursors(reading, earlier, retryLocked);
    const report = async (batch: readonly Incident[]) => {
      links.remember(batch);
      await context.report(batch);
    };
    await mergeInOrder({ file, connections, others, after, context: { ...context, report } });
    await links.reportLate();
    const remembered = await retryLocked(() => toRemember(prepared, runs, links));
    await context.report([], { state: writeKnownDatabases(known, remembered, state) });
  } catch (error) {
    if (!context.signal.aborted) throw error;
  } finally {
    db?.close();
    await copy?.remove();
  }
}
