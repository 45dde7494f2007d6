import type { DeadLetter, JournalRun } from '../../contract/journal.ts';

/** What a lane tells its dispatcher. None of these throws. */
export interface LaneEvents {
  /** A commit has appended these reports, which other lanes are to get. */
  appended(run: JournalRun): void;
  /** The lane has made progress. */
  moved(): void;
  /** The journal has stored this dead letter. */
  deadLetter(letter: DeadLetter): void;
  /** The journal can no longer store anything durably. */
  journalFailed(error: unknown): void;
}
