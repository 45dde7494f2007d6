import type { Database } from 'better-sqlite3';

/** From now on, SQLite overwrites deleted and replaced content of this connection. */
export function overwriteDeleted(database: Database): void {
  database.pragma('secure_delete = ON');
}

/**
 * Rewrites a database without its unused parts and empties its write-ahead log, so that no copy of removed rows remains in a
 * file. Blocks meanwhile: for small databases. Returns why copies may remain, for a message; undefined when none does.
 */
export function eraseTraces(database: Database): string | undefined {
  database.exec('VACUUM');
  // One row, in this form (https://sqlite.org/pragma.html#pragma_wal_checkpoint).
  const [result] = database.pragma('wal_checkpoint(TRUNCATE)') as readonly { readonly busy: number }[];
  return result?.busy === 1
    ? `another program reads ${database.name}, so parts of it may still contain copies: run the command again`
    : undefined;
}
