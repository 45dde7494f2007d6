import {
  ATTACKS_PER_PAGE,
  type AttackFilter,
  type AttackReader,
  assembleAttacks,
  type ConnectionNode,
  chunksOf,
  type LoadedConnection,
  type StoredRow,
  TABLES,
  type WaitingForLock,
} from '@ihandler/attack-log';
import type { Database } from 'better-sqlite3';
import { explainReading } from '../database/failure.ts';
import { namesSensors } from '../database/open-database.ts';
import { createLayout, type Layout } from './layout.ts';
import { createDetailReader } from './read-details.ts';
import { readSummary } from './read-summary.ts';
import { openReadable } from './readable-database.ts';
import { findRoots, isRoot } from './roots.ts';

/** Prepares the statements that read whole attacks, a page at a time. */
function createAttackLoader(
  database: Database,
  layout: Layout,
): (filter: AttackFilter) => Generator<ConnectionNode, void, undefined> {
  const sensors = namesSensors(database);
  const readDetails = createDetailReader(database, layout);
  const connections = layout.source('connections');
  const columns = [
    ...TABLES.connections,
    ...(sensors
      ? [
          `(SELECT sensor_name FROM ihandler_connections AS ours JOIN ihandler_sensors USING (sensor)
            WHERE ours.connection = c.connection) AS sensor`,
        ]
      : []),
  ].join(', ');
  const rowsOf = database.prepare<[string], StoredRow>(
    `SELECT ${columns} FROM ${connections} AS c WHERE connection IN (SELECT value FROM json_each(?))`,
  );
  const byParent = layout.lookup('connections', 'connection_parent');
  const childrenOf = database.prepare<[string], StoredRow>(
    `SELECT ${columns} FROM ${byParent ?? connections} AS c
      WHERE connection_parent IN (SELECT value FROM json_each(?)) AND NOT ${isRoot('c', connections)}
      ORDER BY connection`,
  );

  /** The rows of all connections of some attacks. Each connection occurs once, even where parents form a cycle. */
  function readRows(roots: readonly number[]): ReadonlyMap<number, StoredRow> {
    const rows = new Map<number, StoredRow>();
    for (const row of rowsOf.all(JSON.stringify(roots))) rows.set(Number(row['connection']), row);
    for (let level = roots; level.length > 0; ) {
      const next: number[] = [];
      for (const chunk of chunksOf(level))
        for (const row of childrenOf.all(JSON.stringify(chunk))) {
          const connection = Number(row['connection']);
          if (rows.has(connection)) continue;
          rows.set(connection, row);
          next.push(connection);
        }
      level = next;
    }
    return rows;
  }

  function load(roots: readonly number[]): ConnectionNode[] {
    const loaded: LoadedConnection[] = [];
    for (const chunk of chunksOf([...readRows(roots)])) {
      const detailsOf = readDetails(chunk.map(([connection]) => connection));
      for (const [connection, row] of chunk) loaded.push({ row, details: detailsOf(connection) });
    }
    return assembleAttacks(roots, loaded);
  }

  return function* attacks(filter) {
    const roots = findRoots(database, layout, sensors, filter);
    try {
      for (let page = roots.next(ATTACKS_PER_PAGE); page.length > 0; page = roots.next(ATTACKS_PER_PAGE))
        yield* load(page);
    } finally {
      roots.close();
    }
  };
}

/**
 * Opens any database with dionaea's tables for reading: of any age, written by any program, gzipped or not. Does not change
 * it. Throws `TARGET_UNREADABLE` with advice, and so do the methods if the database is locked.
 */
export async function openAttackReader(
  file: string,
  waiting: Partial<WaitingForLock> = {},
): Promise<AttackReader> {
  const { database, close } = await openReadable(file, waiting);
  const layout = createLayout(database);
  let loader: ReturnType<typeof createAttackLoader> | undefined;
  return {
    *attacks(filter = {}) {
      try {
        loader ??= createAttackLoader(database, layout);
        yield* loader(filter);
      } catch (error) {
        throw explainReading(error, file);
      }
    },
    summary(filter = {}) {
      try {
        return readSummary(database, layout, filter);
      } catch (error) {
        throw explainReading(error, file);
      }
    },
    close,
  };
}
