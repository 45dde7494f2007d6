import type { HandlerContext } from '../../contract/handler.ts';
import type { DeadLetter, Journal, JournalRun } from '../../contract/journal.ts';
import type { HandlerEntry } from '../../routing/handler-entry.ts';
import type { Router } from '../../routing/router.ts';
import type { RetryPolicy } from '../../timing/retry.ts';

/** What a lane needs of its dispatcher. */
export interface LaneHost {
  readonly journal: Journal;
  readonly router: Router;
  readonly retry: Required<RetryPolicy>;
  /** The most incidents at once. */
  readonly batch: number;
  readonly dataDir: string;
  context(entry: HandlerEntry): Omit<HandlerContext, 'dataDir' | 'signal'>;
  /** Tells of what a commit appended, which other lanes are to get. */
  appended(run: JournalRun): void;
  /** The lane has moved on. */
  moved(): void;
  /** The position up to which live lanes have been given everything. */
  liveTo(): number;
  /** Must not throw. */
  deadLetter(letter: DeadLetter): void;
  /** The journal can promise nothing any more. */
  journalFailed(error: unknown): void;
  /** Reports that a handler does not start. */
  startFailed(instance: string, handler: string, message: string): void;
}
