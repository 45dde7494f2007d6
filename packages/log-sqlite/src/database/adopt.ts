import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { HandlerContext } from '@ihandler/core';
import { formatBytes } from '@ihandler/core/kit';
import { unreadable, utcStamp } from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';
import type { Settings } from '../options.ts';
import { migrate } from '../schema/migrate.ts';
import { backUpDatabase } from './backup-database.ts';
import { explainOpening } from './failure.ts';
import { describeWriters, type HiddenWriters, hiddenWriters, otherWriters } from './other-writers.ts';

/** Space for the backup and the migration, as a multiple of the size of the database. */
const SPACE_NEEDED = 2.2;

/** Advice for a dionaea that still writes to the database. */
export const SWITCH_OFF =
  'switch dionaea\'s own handler off: remove log_sqlite.yaml from the folder ihandlers-enabled of dionaea (in older versions the line "log_sqlite" or "logsql" under "ihandlers" in dionaea.conf) and restart dionaea';

function assertSpace(file: string): void {
  const used = ['', '-wal', '-journal'].reduce(
    (sum, end) => sum + (existsSync(file + end) ? statSync(file + end).size : 0),
    0,
  );
  const { bavail, bsize } = statfsSync(dirname(file));
  const free = bavail * bsize;
  if (free < used * SPACE_NEEDED)
    throw unreadable(
      `Cannot adopt ${file} (${formatBytes(used)}): the backup and the migration need ${formatBytes(used * SPACE_NEEDED)}, but ${dirname(file)} has only ${formatBytes(free)} free. Free some space, or move the database.`,
    );
}

/** What an operator does about processes whose open files cannot be seen. */
export function explainHidden({ who, where }: HiddenWriters, file: string): string {
  return `it cannot be seen from here whether ${who} has ${file} open. To see it, run ${where}: fuser -v ${file}. If that is dionaea, ${SWITCH_OFF}. If no process has the file open, set "adopt: checked"`;
}

function assertNoOtherWriter(database: Database, file: string, isChecked: boolean): void {
  const writers = otherWriters(file) ?? [];
  if (writers.length > 0)
    throw unreadable(
      `${file} is open for writing in ${describeWriters(writers)}. If that is dionaea, ${SWITCH_OFF}. Nothing was changed.`,
    );
  const hidden = isChecked ? undefined : hiddenWriters(file);
  if (hidden !== undefined)
    throw unreadable(`Cannot adopt ${file}: ${explainHidden(hidden, file)}. Nothing was changed.`);
  database.exec('BEGIN EXCLUSIVE');
  database.exec('ROLLBACK');
}

/**
 * Adopts a database that dionaea wrote: checks for free space and for other writers, makes a backup beside it, and migrates
 * it in one transaction. Closes the database.
 */
export async function adopt(
  database: Database,
  { file, adopt: consent }: Pick<Settings, 'file' | 'adopt'>,
  { log, now, signal }: Pick<HandlerContext, 'log' | 'now' | 'signal'>,
): Promise<void> {
  const isChecked = consent === 'checked';
  try {
    assertSpace(file);
    assertNoOtherWriter(database, file, isChecked);
    const copy = `${file}.before-ihandler-${utcStamp(now())}`;
    log.info('adopting a database of dionaea, after a backup', { file, backup: copy });
    await backUpDatabase(database, copy, { signal });
    assertNoOtherWriter(database, file, isChecked);
    database
      .transaction(() => {
        migrate(database);
        database.exec(`INSERT INTO ihandler_meta (key, value)
          SELECT 'strangers_up_to', coalesce(max(connection), 0) FROM connections`);
      })
      .exclusive();
    log.info('adopted the database of dionaea: its rows stay, new ones are added', { file, backup: copy });
  } catch (error) {
    throw explainOpening(error, file);
  } finally {
    database.close();
  }
}
