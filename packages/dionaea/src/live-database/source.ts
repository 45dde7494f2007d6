import { defineSource, type Source } from '@ihandler/core';
import { mountFindings } from '@ihandler/source-kit';
import { sampleNameFindings } from '../check-source.ts';
import { followDatabase } from './follow-database.ts';
import { type DionaeaDatabaseOptions, readLiveDatabaseOptions } from './options.ts';

export type { DionaeaDatabaseOptions } from './options.ts';

/**
 * A source that follows dionaea's own SQLite database until the signal aborts, without making dionaea wait. Its incidents
 * have the ids that an import of the database gives. Throws `OPTIONS_INVALID` for invalid options. Its run rejects with
 * `TARGET_UNREADABLE` when the package better-sqlite3 is missing. While the database cannot be read, the source waits.
 */
export default function dionaeaDatabase(options: DionaeaDatabaseOptions): Source {
  const settings = readLiveDatabaseOptions(options);
  return defineSource({
    name: 'dionaea-database',
    check: () => [...mountFindings(settings.file), ...sampleNameFindings(settings)],
    run: (context) => followDatabase(settings, context),
  });
}
