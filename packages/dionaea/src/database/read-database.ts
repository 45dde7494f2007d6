import type { SourceContext } from '@ihandler/core';
import { createPathMapping } from '../map-path.ts';
import type { Settings } from '../options.ts';
import { streamName } from '../stream-name.ts';
import type { Text } from '../text/open-text.ts';
import { nameOf, unreadable } from '../unreadable.ts';
import { type Cursor, createCursor, type Page } from './cursor.ts';
import { identify, lastRow } from './identify.ts';
import { readLayout } from './layout.ts';
import { mergeInOrder } from './merge.ts';
import { createRetryLocked, type Database, openDatabase, type RetryLocked } from './open-database.ts';
import { createConnectionsReader, linksTable } from './read-connections.ts';
import { createTableReader } from './read-table.ts';
import { createTimeNear, type Reading } from './reading.ts';
import { foreignDatabase, hasConnections } from './recognise-database.ts';
import { createRelatedRows } from './related-rows.ts';
import { tableMappings } from './tables/tables.ts';
import { copyUncompressed, type TemporaryCopy } from './uncompressed-copy.ts';

function prepareReading(db: Database, settings: Settings, sensor: string): Reading {
  const { file, paths } = settings;
  if (!hasConnections(db)) throw foreignDatabase(file);
  const layout = readLayout(db);
  const identity = identify(db, layout);
  const streams = new Map<string, string>();
  return {
    db,
    layout,
    sensor,
    related: createRelatedRows(db, layout),
    timeNear: createTimeNear(db),
    streamOf: (table) => {
      const stream = streams.get(table) ?? streamName('dionaea-database', sensor, identity, table);
      streams.set(table, stream);
      return stream;
    },
    mapPaths: createPathMapping(paths),
  };
}

/** Opens cursors over the rows that exist now. Rows that a running dionaea adds meanwhile are for the next import. */
async function openCursors(
  reading: Reading,
  context: SourceContext,
  retryLocked: RetryLocked,
): Promise<{ connections: Cursor; others: Cursor[]; after: number }> {
  const { db, layout, streamOf } = reading;
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
  const afterOf = async (table: string) => (await context.resumeAfter(streamOf(table))) ?? -1;

  const done = { connections: await afterOf('connections'), links: await afterOf(linksTable) };
  const read = await retryLocked(() => createConnectionsReader(reading, done));
  const connections = cursorOf('connections', Math.min(done.connections, done.links), read);
  const others: Cursor[] = [];
  for (const mapping of mappings) {
    const { table } = mapping;
    const readTable = await retryLocked(() => createTableReader(reading, mapping));
    others.push(cursorOf(table, await afterOf(table), readTable));
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
    const reading = await retryLocked(() => prepareReading(opened, settings, sensor));
    const { connections, others, after } = await openCursors(reading, context, retryLocked);
    await mergeInOrder({ file, connections, others, after, context });
  } catch (error) {
    if (!context.signal.aborted) throw error;
  } finally {
    db?.close();
    await copy?.remove();
  }
}
