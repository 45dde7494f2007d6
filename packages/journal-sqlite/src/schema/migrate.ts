import type { Database } from 'better-sqlite3';
import { columnsOfVersion3, SCHEMA_VERSION, tablesOfVersion2 } from './schema.ts';

/** The version of a journal's tables. */
export function versionOf(db: Database): unknown {
  return db.prepare('SELECT version FROM ihandler_journal').pluck().get();
}

function toVersion2(db: Database, now: number): void {
  db.exec(`
    ALTER TABLE ihandler_journal ADD COLUMN taken INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE streams ADD COLUMN removed INTEGER NOT NULL DEFAULT -1;
    ALTER TABLE cursors ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
    ${tablesOfVersion2}
    INSERT INTO clock_set_back
      SELECT position FROM (SELECT position, accepted_at, lag(accepted_at) OVER (ORDER BY position) AS earlier FROM entries)
       WHERE accepted_at < earlier;
  `);
  db.prepare('UPDATE cursors SET used_at = ?').run(Math.trunc(now));
}

/** Migrates the tables of an earlier version in one transaction. `now` becomes the time when its cursors were last used. */
export function migrate(db: Database, now: number): void {
  const version = versionOf(db);
  if (version === SCHEMA_VERSION) return;
  db.transaction(() => {
    if (version === 1) toVersion2(db, now);
    db.exec(columnsOfVersion3);
    db.prepare('UPDATE ihandler_journal SET version = ?').run(SCHEMA_VERSION);
  }).immediate();
}
