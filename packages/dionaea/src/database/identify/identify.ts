import { type StoredRow, toInteger, toText } from '../cells.ts';
import { connectionColumns } from '../connection-row.ts';
import type { Layout } from '../layout.ts';
import type { Database } from '../open-database.ts';

/** What of the first row never changes: links may still give it a root and a parent. */
const changing = 'first.connection_parent';

function describeRow(row: StoredRow | undefined): string {
  return Object.entries(row ?? {})
    .filter(([column]) => column !== changing)
    .map(([column, value]) => `${column}=${toText(value)}`)
    .join('\n');
}

/**
 * What makes a database the database it is, wherever it lies and however it is called: its first connection. Empty when
 * it has none.
 */
export function identify(db: Database, layout: Layout): string {
  const sql = `SELECT ${connectionColumns(layout, 'first')} FROM connections first ORDER BY connection LIMIT 1`;
  // Safe: columns hold what SQLite stores, and integers come as numbers.
  return describeRow(db.prepare(sql).get() as StoredRow | undefined);
}

/**
 * What of a row of `connections` never changes, not even when columns are added to the table; empty when there is no such
 * row.
 */
export function describeConnection(db: Database, layout: Layout, connection: number): string {
  const sql = `SELECT ${connectionColumns(layout, 'first')} FROM connections first WHERE connection = ?`;
  // Safe: as above.
  const described = describeRow(db.prepare(sql).get(connection) as StoredRow | undefined);
  return described.replace(/^[^=\n]+=(?:\n|$)/gm, '').trimEnd();
}

/** The highest row id of a table, 0 when it is empty. */
export function lastRow(db: Database, table: string): number {
  // Safe: an aggregate always gives one row.
  const row = db.prepare(`SELECT max(rowid) AS row FROM "${table}"`).get() as StoredRow;
  return toInteger(row['row']) ?? 0;
}
