import { type AttackFilter, hostForms } from '@ihandler/attack-log';
import type { Database } from 'better-sqlite3';
import type { Layout } from './layout.ts';

/**
 * A condition on a row of `connections`: it begins an attack. Its root is itself, or (in old versions) unknown while no
 * parent is there; dionaea also makes connections their own parent.
 */
export function isRoot(row: string, connections: string): string {
  return `(${row}.connection_root IS ${row}.connection OR ${row}.connection_parent IS ${row}.connection
    OR ${row}.connection_root IS NULL AND NOT EXISTS (SELECT 1 FROM ${connections} AS parent
      WHERE parent.connection = ${row}.connection_parent))`;
}

/** The attacks that a filter selects, in the order in which they are shown. */
export interface Roots {
  /** The next ones after those given already, at most so many. */
  next(count: number): readonly number[];
  close(): void;
}

/** The connection that an attack begins with, from any connection of it; undefined when there is no such connection. */
function climb(database: Database, connections: string, from: number): number | undefined {
  const step = database
    .prepare<[number], [parent: number | null, root: number]>(
      `SELECT connection_parent, ${isRoot('c', connections)} FROM ${connections} AS c WHERE connection = ?`,
    )
    .raw();
  const seen = new Set<number>();
  let top: number | undefined;
  for (let at: number | null = from; at !== null && !seen.has(at); ) {
    const found: [parent: number | null, root: number] | undefined = step.get(at);
    if (found === undefined) break;
    seen.add(at);
    top = at;
    at = found[1] === 1 ? null : found[0];
  }
  return top;
}

let created = 0;

/** Finds them once and keeps their numbers in a temporary table: no lock is held while they are read, nor memory. */
export function findRoots(
  database: Database,
  layout: Layout,
  sensors: boolean,
  { connection, since, until, remoteHost, sensor, limit }: AttackFilter,
): Roots {
  const connections = layout.source('connections');
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  function where(condition: string, ...bound: (string | number)[]): void {
    conditions.push(condition);
    values.push(...bound);
  }
  if (connection === undefined) where(isRoot('c', connections));
  else where('c.connection = ?', climb(database, connections, connection) ?? -1);
  if (since !== undefined) where('c.connection_timestamp >= ?', since / 1000);
  if (until !== undefined) where('c.connection_timestamp < ?', until / 1000);
  if (remoteHost !== undefined) where('c.remote_host IN (?, ?)', ...hostForms(remoteHost));
  if (sensor !== undefined && !sensors) where('false');
  else if (sensor !== undefined)
    where(
      `c.connection IN (SELECT connection FROM ihandler_connections JOIN ihandler_sensors USING (sensor) WHERE sensor_name = ?)`,
      sensor,
    );
  const newest = limit === undefined ? '' : 'ORDER BY time DESC, connection DESC LIMIT ?';
  if (limit !== undefined) values.push(limit);
  created += 1;
  const table = `temp.ihandler_roots_${created}`;
  database.exec(`CREATE TABLE ${table} (place INTEGER PRIMARY KEY, connection INTEGER)`);
  database
    .prepare(
      `INSERT INTO ${table} (connection) SELECT connection FROM (
        SELECT c.connection AS connection, c.connection_timestamp AS time FROM ${connections} AS c
        WHERE ${conditions.join(' AND ')} ${newest}) ORDER BY time, connection`,
    )
    .run(...values);
  const page = database
    .prepare<[number, number], number>(
      `SELECT connection FROM ${table} WHERE place > ? ORDER BY place LIMIT ?`,
    )
    .pluck();
  let given = 0;
  return {
    next(count) {
      const found = page.all(given, count);
      given += found.length;
      return found;
    },
    close() {
      database.exec(`DROP TABLE ${table}`);
    },
  };
}
