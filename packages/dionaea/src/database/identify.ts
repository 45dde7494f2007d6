import { type StoredRow, toInteger, toText } from './cells.ts';
import { connectionColumns } from './connection-row.ts';
import type { Layout } from './layout.ts';
import type { Database } from './open-database.ts';

/** The only selected column that changes: a link may assign a parent later. */
const changingColumn = 'first.connection_parent';

function describeRow(row: StoredRow | undefined): string {
  return Object.entries(row ?? {})
    .filter(([column]) => column !== changingColumn)
    .map(([column, value]) => `${column}=${toText(value)}`)
    .join('\n');
}

const ownPrefix = 'ihandler ';

/** Whether an identity is that of a database of log-sqlite. */
export function isOwnIdentity(identity: string): boolean {
  return identity.startsWith(ownPrefix);
}

function ownIdentity(db: Database, layout: Layout): string | undefined {
  if (!layout.has('ihandler_rows') || !layout.has('ihandler_meta')) return undefined;
  const number: unknown = db
    .prepare(
      `SELECT value FROM ihandler_meta WHERE key = 'hash_seed' AND EXISTS (SELECT 1 FROM ihandler_rows
       WHERE table_name = 'connections' AND first_row <= (SELECT min(connection) FROM connections))`,
    )
    .pluck()
    .get();
  return number === undefined ? undefined : `${ownPrefix}${String(number)}`;
}

/**
 * Identifies a database, whatever its path: returns its first connection without the parent. Empty when the database has
 * no connections. A database of log-sqlite may begin like the one from which it was filled, so it is identified by its own
 * number, if it recorded the incident of its first row.
 */
export function identify(db: Database, layout: Layout): string {
  const own = ownIdentity(db, layout);
  if (own !== undefined) return own;
  const sql = `SELECT ${connectionColumns(layout, 'first')} FROM connections first ORDER BY connection LIMIT 1`;
  // Safe: columns hold the types of SQLite, and integers are returned as numbers.
  return describeRow(db.prepare(sql).get() as StoredRow | undefined);
}

/**
 * Describes a row of `connections` by the values that never change, even when columns are added to the table. Empty when
 * the row does not exist.
 */
export function describeConnection(db: Database, layout: Layout, connection: number): string {
  const sql = `SELECT ${connectionColumns(layout, 'first')} FROM connections first WHERE connection = ?`;
  // Safe: as above.
  const described = describeRow(db.prepare(sql).get(connection) as StoredRow | undefined);
  return described
    .split('\n')
    .filter((line) => line.indexOf('=') !== line.length - 1 || line.length < 2)
    .join('\n')
    .trimEnd();
}

/** The highest row id of a table, 0 when it is empty. */
export function lastRow(db: Database, table: string): number {
  // Safe: an aggregate always returns one row.
  const row = db.prepare(`SELECT max(rowid) AS row FROM "${table}"`).get() as StoredRow;
  return toInteger(row['row']) ?? 0;
}
