import { defineSource, type Source } from '@ihandler/core';
import { followDatabase } from './follow-database.ts';
import { type DionaeaDatabaseOptions, readLiveDatabaseOptions } from './options.ts';

export type { DionaeaDatabaseOptions } from './options.ts';

/**
 * A source that follows dionaea's own SQLite database until it is told to stop, without being in dionaea's way. Its
 * incidents have the ids that an import of the database gives. Throws `OPTIONS_INVALID` here, and `TARGET_UNREADABLE` when
 * it runs without the package better-sqlite3; a database that cannot be read is waited for.
 */
export default function dionaeaDatabase(options: DionaeaDatabaseOptions): Source {
  const settings = readLiveDatabaseOptions(options);
  return defineSource({
    name: 'dionaea-database',
    run: (context) => followDatabase(settings, context),
  });
}
