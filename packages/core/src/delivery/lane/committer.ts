import { describeError, isJournalFailed } from '../../contract/error.ts';
import type { MaybePromise } from '../../contract/handler.ts';
import type { DeadLetter, JournalRun } from '../../contract/journal.ts';
import { backoffDelay, pause, type RetryPolicy } from '../../timing/retry.ts';
import type { Committed, LaneCursor } from './lane-cursor.ts';

/** What committing needs of its lane. */
export interface CommitHost {
  /** The lane's own. */
  readonly ledger: LaneCursor;
  readonly retry: Required<RetryPolicy>;
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

/** Makes counts durable, with all that is owed. A journal that answers at once is not waited for. */
export interface Committer {
  /** Tries once. */
  commitOnce(ledger?: LaneCursor): MaybePromise<void>;
  /** Tries until the journal takes it; throws when the lane is stopped, or the journal can promise nothing any more. */
  commitOf(ledger: LaneCursor): MaybePromise<void>;
}

/** Makes the committer of a lane. */
export function createCommitter(host: CommitHost): Committer {
  function committed({ run, deadLetters }: Committed): void {
    if (run.incidents.length > 0) host.appended(run);
    for (const letter of deadLetters) host.deadLetter(letter);
    host.moved();
  }

  function failed(error: unknown): never {
    if (isJournalFailed(error)) host.journalFailed(error);
    throw error;
  }

  function commitOnce(ledger: LaneCursor = host.ledger): MaybePromise<void> {
    let committing: MaybePromise<Committed>;
    try {
      committing = ledger.commit();
    } catch (error) {
      return failed(error);
    }
    return committing instanceof Promise ? committing.then(committed, failed) : committed(committing);
  }

  async function commitAgain(ledger: LaneCursor, error: unknown): Promise<void> {
    let problem = error;
    for (let failures = 0; ; failures += 1) {
      if (host.signal.aborted || isJournalFailed(problem)) throw problem;
      host.enter('retrying', `the journal does not take the acknowledgement: ${describeError(problem)}`);
      await pause(backoffDelay(host.retry, failures, problem), host.signal);
      try {
        return await commitOnce(ledger);
      } catch (next) {
        problem = next;
      }
    }
  }

  return {
    commitOnce,
    commitOf(ledger) {
      try {
        const committing = commitOnce(ledger);
        return committing instanceof Promise
          ? committing.catch((error: unknown) => commitAgain(ledger, error))
          : committing;
      } catch (error) {
        return commitAgain(ledger, error);
      }
    },
  };
}
