import type { Journal, JournalRun } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import { type EntryRow, readEntry } from './entry-row.ts';
import type { PreparedIncident } from './prepare.ts';

/** The options of an append that compares. */
export type AppendOptions = NonNullable<Parameters<Journal['append']>[2]>;
type SkippedIncident = NonNullable<JournalRun['skipped']>[number];

/** Finds the incidents of one append that are not to be added. */
export interface DuplicateCheck {
  /** Whether not to add an incident of the stream with this id, whose entries up to the ordinal `removed` were deleted. */
  skips(prepared: PreparedIncident, stream: number, removed: number): boolean;
  /** The incidents that were skipped, but for those that are equal to their entry. */
  readonly skipped: readonly SkippedIncident[];
}

/** By how much the clock of a sensor may be ahead, in milliseconds. */
const CLOCK_AHEAD = 3_600_000;

/** Creates the check of one append. Use it within the append's transaction, so that nothing else is added in between. */
export function createDuplicateCheck(db: Database, { rising, barred }: AppendOptions): DuplicateCheck {
  const at = db.prepare<[number, number], EntryRow>('SELECT * FROM entries WHERE stream = ? AND ordinal = ?');
  const highest = db
    .prepare<[number], number | null>('SELECT max(ordinal) FROM entries WHERE stream = ?')
    .pluck();
  const oldest = db.prepare<[], number>('SELECT accepted_at FROM entries ORDER BY position LIMIT 1').pluck();
  const skipped: SkippedIncident[] = [];

  /** Whether an incident happened after every entry that retention removed was accepted, so that it was none of them. */
  function isAfterRemoved(timestamp: number): boolean {
    const kept = oldest.get();
    return kept !== undefined && timestamp > kept + CLOCK_AHEAD;
  }

  return {
    skipped,
    skips({ incident, ordinal, body }, stream, removed) {
      const row = at.get(stream, ordinal);
      if (row !== undefined) {
        if (row.body !== body) skipped.push({ incident, why: 'known', stored: readEntry(row) });
        return true;
      }
      if (barred?.has(incident)) skipped.push({ incident, why: 'barred' });
      else if (ordinal <= removed && !(rising && isAfterRemoved(incident.timestamp)))
        skipped.push({ incident, why: 'known' });
      else if (ordinal <= removed || (rising && ordinal < (highest.get(stream) ?? -1)))
        skipped.push({ incident, why: 'behind' });
      else return false;
      return true;
    },
  };
}
