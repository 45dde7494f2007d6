import { ROW_TABLES } from '@ihandler/attack-log';
import { comparableRow } from '@ihandler/log-postgres/testing';
import Database from 'better-sqlite3';

/** All rows of all tables of an SQLite database, including keys, in a comparable form. */
export function sqliteTables(file: string) {
  const database = new Database(file, { readonly: true });
  try {
    return Object.fromEntries(
      Object.entries(ROW_TABLES).map(([table, [key]]) => {
        const rows = database
          .prepare<[], Record<string, string | number | null>>(`SELECT * FROM ${table} ORDER BY ${key}`)
          .all();
        return [table, rows.map(comparableRow)];
      }),
    );
  } finally {
    database.close();
  }
}
