import { statSync } from 'node:fs';
import { describeError, IhandlerError } from '@ihandler/core';
import { inspectFile } from '../database/inspect-file.ts';
import { openDatabase } from '../database/open-database.ts';
import { reaching } from '../database/open-journal.ts';
import { takeOwnership } from '../database/ownership.ts';
import { realFile } from '../database/real-file.ts';
import { parseJournalOptions } from '../options.ts';
import { migrate } from '../schema/migrate.ts';

/** Bytes of a journal and its log. */
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
      `Cannot compact the journal ${file}: expected room for a second one of its size; found: ${describeError(error)}. Nothing is lost.`,
      { cause: error },
    );
  } finally {
    db.close();
  }
  return { before, after: sizeOf(file) };
}

/**
 * Writes a journal anew, without the space that is not used, which from then on is given back as it comes. Needs as much
 * room again while it works. Answers bytes before and after. Throws `JOURNAL_BUSY` while a process writes it,
 * `JOURNAL_INVALID` for one that is damaged or none.
 */
export function compact(options: object): { readonly before: number; readonly after: number } {
  const { file: path, now = Date.now } = parseJournalOptions(options);
  return reaching(path, () => {
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
            : `The journal ${file} is damaged (${finding.problem}): start the program, which sets it aside and goes on with what can be read.`,
        );
      how = undefined;
      return rewrite(file, now());
    } finally {
      ownership.release(how);
    }
  });
}
