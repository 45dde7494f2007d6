import { statSync } from 'node:fs';
import { describeError, IhandlerError } from '@ihandler/core';
import { inspectFile } from '../database/inspect-file.ts';
import { openDatabase } from '../database/open-database.ts';
import { explainUnreadable } from '../database/open-journal.ts';
import { takeOwnership } from '../database/ownership.ts';
import { realFile } from '../database/real-file.ts';
import { parseJournalOptions } from '../options.ts';
import { migrate } from '../schema/migrate.ts';

/** The bytes of a journal and its write-ahead log. */
function sizeOf(file: string): number {
  return ['', '-wal'].reduce(
    (sum, rest) => sum + (statSync(file + rest, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

function rewrite(file: string, now: number): { readonly before: number; readonly after: number } {
  const before = sizeOf(file);
  const db = openDatabase(file);
  try {
    migrate(db, now);
    db.pragma('auto_vacuum = INCREMENTAL');
    db.exec('VACUUM');
    db.pragma('wal_checkpoint(TRUNCATE)');
  } catch (error) {
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `Cannot compact the journal ${file}: ${describeError(error)}. Compacting needs free disk space of the size of the journal. No incident is lost.`,
      { cause: error },
    );
  } finally {
    db.close();
  }
  return { before, after: sizeOf(file) };
}

/**
 * Rewrites a journal without its free space. From then on the journal returns free space to the file system by itself.
 * Needs disk space of the size of the journal meanwhile. Returns the bytes before and after. Throws `JOURNAL_BUSY` while a
 * process writes the journal, `JOURNAL_INVALID` for a damaged journal or another file.
 */
export function compact(options: object): { readonly before: number; readonly after: number } {
  const { file: path, now = Date.now } = parseJournalOptions(options);
  return explainUnreadable(path, () => {
    const file = realFile(path);
    const ownership = takeOwnership(file);
    let how: 'without-trace' | 'as-crashed' | undefined = 'without-trace';
    try {
      const finding = inspectFile(file, { ...ownership, wasReleased: false });
      if (typeof finding === 'object') how = 'as-crashed';
      if (finding !== 'journal')
        throw new IhandlerError(
          'JOURNAL_INVALID',
          finding === 'nothing'
            ? `Expected a journal in ${file}, found nothing.`
            : `The journal ${file} is damaged (${finding.problem}): start ihandler, which sets it aside and copies all readable data into a new one.`,
        );
      how = undefined;
      return rewrite(file, now());
    } finally {
      ownership.release(how);
    }
  });
}
