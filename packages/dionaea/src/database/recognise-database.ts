import type { IhandlerError } from '@ihandler/core';
import { unreadable } from '@ihandler/source-kit';
import type { Database } from './open-database.ts';

/** Whether a database has a table `connections` with the primary key `connection`, like that of dionaea. */
export function hasConnections(db: Database): boolean {
  const key = db
    .prepare("SELECT 1 FROM pragma_table_info('connections') WHERE name = 'connection' AND pk = 1")
    .get();
  return key !== undefined;
}

/** The error for a database of another program. */
export function foreignDatabase(file: string): IhandlerError {
  return unreadable(
    file,
    'this SQLite database does not have the table "connections" of dionaea.',
    'Name the file that log_sqlite writes (dionaea.sqlite, in old versions logsql.sqlite).',
  );
}
