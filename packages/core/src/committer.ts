import { describeError, isJournalFailed } from './error.ts';
import type { DeadLetter, JournalRun } from './journal.ts';
import type { Ledger } from './ledger.ts';
import { pause, type Retry, waitFor } from './retry.ts';

/** What committing needs of its lane. */
export interface CommitHost {
  /** The lane's own. */
  readonly ledger: Ledger;
  readonly retry: Retry;
  /** Aborts when the lane is stopped. */
  readonly signal: AbortSignal;
  /** Tells of what a commit appended. */
  appended(run: JournalRun): void;
  /** Tells of a dead letter that the journal has. */
  deadLetter(letter: DeadLetter): void;
  moved(): void;
  journalFailed(error: unknown): void;
  enter(state: 'retrying', failure: string): void;
}

/** Makes books durable, with all that is owed. */
export interface Committer {
  /** Tries once. */
  commitOnce(ledger?: Ledger): Promise<void>;
  /** Tries until the journal takes it; throws when the lane is stopped, or the journal can promise nothing any more. */
  commitOf(ledger: Ledger): Promise<void>;
}

/** Makes the committer of a lane. */
export function createCommitter(host: CommitHost): Committer {
  async function commitOnce(ledger: Ledger = host.ledger): Promise<void> {
    try {
      const { run, deadLetters } = await ledger.commit();
      if (run.incidents.length > 0) host.appended(run);
      for (const letter of deadLetters) host.deadLetter(letter);
    } catch (error) {
      if (isJournalFailed(error)) host.journalFailed(error);
      throw error;
    }
    host.moved();
  }

  async function commitOf(ledger: Ledger): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await commitOnce(ledger);
      } catch (error) {
        if (host.signal.aborted || isJournalFailed(error)) throw error;
        host.enter('retrying', `the journal does not take the acknowledgement: ${describeError(error)}`);
        await pause(waitFor(host.retry, failures, error), host.signal);
      }
    }
  }

  return { commitOnce, commitOf };
}
