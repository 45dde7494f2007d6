import {
  type AttackFilter,
  type AttackReader,
  type ConnectionDetails,
  type ConnectionNode,
  type StoredRow,
  TABLES,
} from '@ihandler/attack-log';
import type { Database } from 'better-sqlite3';
import { namesSensors } from '../database/open-database.ts';
import { explainReading } from '../database/sqlite-failure.ts';
import { createLayout, type Layout } from './layout.ts';
import { createDetailReader } from './read-details.ts';
import { readSummary } from './read-summary.ts';
import { openReadable } from './readable-database.ts';
import { findRoots, isRoot } from './roots.ts';

/** How many attacks are read together. */
const PAGE = 50;
/** How many connections one query asks for. */
const CHUNK = 1000;

/** A node while it grows. */
interface Branch {
  readonly row: StoredRow;
  details: ConnectionDetails;
  readonly children: Branch[];
}

function* chunks(values: readonly number[]): Generator<readonly number[]> {
  for (let at = 0; at < values.length; at += CHUNK) yield values.slice(at, at + CHUNK);
}

/** Prepares the reading of whole attacks, many at once. */
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

  const noDetails = readDetails([])(0);

  /** Whatever the parents say, a connection is shown once: circles end where they began. */
  function grow(roots: readonly number[]): Map<number, Branch> {
    const branches = new Map<number, Branch>();
    function sprout(row: StoredRow): Branch | undefined {
      const connection = Number(row['connection']);
      if (branches.has(connection)) return undefined;
      const branch = { row, details: noDetails, children: [] };
      branches.set(connection, branch);
      return branch;
    }
    for (const row of rowsOf.all(JSON.stringify(roots))) sprout(row);
    for (let level = roots; level.length > 0; ) {
      const next: number[] = [];
      for (const chunk of chunks(level))
        for (const row of childrenOf.all(JSON.stringify(chunk))) {
          const branch = sprout(row);
          if (branch === undefined) continue;
          branches.get(Number(row['connection_parent']))?.children.push(branch);
          next.push(Number(row['connection']));
        }
      level = next;
    }
    return branches;
  }

  function load(roots: readonly number[]): ConnectionNode[] {
    const branches = grow(roots);
    for (const chunk of chunks([...branches.keys()])) {
      const detailsOf = readDetails(chunk);
      for (const connection of chunk) {
        const branch = branches.get(connection);
        if (branch !== undefined) branch.details = detailsOf(connection);
      }
    }
    return roots.flatMap((root) => branches.get(root) ?? []);
  }

  return function* attacks(filter) {
    const roots = findRoots(database, layout, sensors, filter);
    try {
      for (let page = roots.next(PAGE); page.length > 0; page = roots.next(PAGE)) yield* load(page);
    } finally {
      roots.close();
    }
  };
}

/**
 * Opens any database with dionaea's tables for reading, of whatever age and by whomever written, gzipped or not, and
 * leaves it as it is. Throws `TARGET_UNREADABLE` with what to do; so do the methods when it is locked for half a minute.
 */
export async function openAttackReader(file: string): Promise<AttackReader> {
  const { database, close } = await openReadable(file);
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
