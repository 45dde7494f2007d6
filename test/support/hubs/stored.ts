import { join } from 'node:path';
import { createDispatcher, createMemoryJournal, defineHandler, parseIncidentId } from '@ihandler/core';
import dionaea from '@ihandler/dionaea';
import { openAttackReader as openPostgres } from '@ihandler/log-postgres';
import { canonicalForest, query, streamHash } from '@ihandler/log-postgres/testing';
import logSqlite, { openAttackReader as openSqlite } from '@ihandler/log-sqlite';
import { exampleOrigins } from '@ihandler/testkit';

/** The expected content of the database for a sensor: what an undisturbed local import writes. */
export interface Kept {
  readonly incidents: number;
  /** The stream of their ids. */
  readonly stream: string;
  readonly forest: readonly unknown[];
}

/** Imports the file of a sensor into a separate database. */
export async function keptLocally(file: string, sensor: string, folder: string): Promise<Kept> {
  const database = join(folder, `${sensor}.sqlite`);
  const streams = new Set<string>();
  const listen = defineHandler({
    name: 'streams',
    on: { '*': ({ id }) => void streams.add(parseIncidentId(id).stream) },
  });
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: [{ handler: logSqlite({ file: database }) }, { handler: listen }],
    sensor,
    dataDir: folder,
  });
  await dispatcher.start();
  const { accepted } = await dispatcher.run(dionaea({ file }));
  const unfinished = await dispatcher.drain();
  await dispatcher.close();
  const [stream, ...others] = streams;
  if (stream === undefined || others.length > 0 || unfinished.length > 0)
    throw new Error(`expected all incidents of one stream, found ${streams.size} streams`);
  return { incidents: accepted, stream, forest: await canonicalForest(await openSqlite(database)) };
}

/** How many incidents of a stream are stored; 0 while the database is unreachable. */
export async function idsOf(url: string, stream: string): Promise<number> {
  const sql = 'SELECT count(*)::int FROM dionaea.ihandler_ids WHERE stream = $1';
  const [row] = await query<{ count: number }>(url, sql, streamHash(stream)).catch(() => []);
  return row?.count ?? 0;
}

/** Whether any incident of a sensor is stored; false while the database is unreachable. */
export async function isKnown(url: string, sensor: string): Promise<boolean> {
  const sql = `SELECT 1 FROM dionaea.connections JOIN dionaea.sensors USING (sensor) WHERE sensor_name = $1 LIMIT 1`;
  const rows = await query(url, sql, sensor).catch(() => []);
  return rows.length > 0;
}

/** All attack trees of a sensor. */
export function forestOf(url: string, sensor: string): Promise<readonly unknown[]> {
  const reader = openPostgres(url);
  return canonicalForest({ ...reader, attacks: () => reader.attacks({ sensor }) });
}
