import { type AttackFilter, hostForms, namesRemoteHost } from '@ihandler/attack-log';
import type { Database } from 'better-sqlite3';
import type { Layout } from './layout.ts';

/**
 * The condition that a row of `connections` is the root of an attack: its root is itself, or NULL (in old versions) without
 * a parent, or it is its own parent, as dionaea writes some rows.
 */
export function isRoot(row: string, connections: string): string {
  return `(${row}.connection_root IS ${row}.connection OR ${row}.connection_parent IS ${row}.connection
    OR ${row}.connection_root IS NULL AND NOT EXISTS (SELECT 1 FROM ${connections} AS parent
      WHERE parent.connection = ${row}.connection_parent))`;
}

/** The attacks that a filter selects, oldest first. */
export interface Roots {
  /** The next roots, at most `count`. */
  next(count: number): readonly number[];
  close(): void;
}

/** Returns a function that finds the root of the attack that a connection is part of; undefined for an unknown connection. */
function createClimb(database: Database, connections: string): (from: number) => number | undefined {
  const step = database
    .prepare<[number], [parent: number | null, root: number]>(
      `SELECT connection_parent, ${isRoot('c', connections)} FROM ${connections} AS c WHERE connection = ?`,
    )
    .raw();
  return (from) => {
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
  };
}

/** The roots of the attacks in which a host took part, as the remote end of any connection. */
function rootsOfHost(database: Database, connections: string, host: string): ReadonlySet<number> {
  const names = database
    .prepare<[], unknown>(`SELECT DISTINCT remote_hostname FROM ${connections} WHERE remote_hostname <> ''`)
    .pluck()
    .all()
    .map(String)
    .filter(namesRemoteHost(host));
  const found = database
    .prepare<[string, string, string], number>(
      `SELECT connection FROM ${connections} WHERE remote_host IN (?, ?)
        OR remote_hostname IN (SELECT value FROM json_each(?))`,
    )
    .pluck()
    .all(...hostForms(host), JSON.stringify(names));
  const climb = createClimb(database, connections);
  return new Set(found.flatMap((connection) => climb(connection) ?? []));
}

let created = 0;

/** Finds the roots once and stores their keys in a temporary table: reading them needs neither a lock nor memory. */
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
  else where('c.connection = ?', createClimb(database, connections)(connection) ?? -1);
  if (since !== undefined) where('c.connection_timestamp >= ?', since / 1000);
  if (until !== undefined) where('c.connection_timestamp < ?', until / 1000);
  if (remoteHost !== undefined)
    where(
      'c.connection IN (SELECT value FROM json_each(?))',
      JSON.stringify([...rootsOfHost(database, connections, remoteHost)]),
    );
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
