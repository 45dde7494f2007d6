import type { Database } from 'better-sqlite3';
import { unreadable } from './unreadable.ts';

/** The names of the tables in a database, without SQLite's own. */
export function tableNames(database: Database): ReadonlySet<string> {
  const names = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite@_%' ESCAPE '@'")
    .pluck()
    .all();
  return new Set(names.map(String));
}

/**
 * Throws `TARGET_UNREADABLE` unless `version`, as read from `file`, is one that this program knows: a number up to `known`.
 * `owner` is the package to update.
 */
export function assertKnownVersion(version: unknown, known: number, file: string, owner: string): void {
  if (typeof version === 'number' && version <= known) return;
  throw unreadable(
    `${file} has version ${String(version)}, but this program knows versions up to ${known}: update ${owner}. Nothing was changed.`,
  );
}
