import { failedIds } from '../../contract/error.ts';
import { type FailureKind, failureKind } from '../../contract/failure-kind.ts';
import { isWriting, type MaybePromise } from '../../contract/handler.ts';
import { property } from '../../contract/property.ts';
import { describeFailure, logStack } from '../../contract/text/describe-failure.ts';
import { backoffDelay, pause } from '../../timing/backoff.ts';
import type { Outcome } from './attempts/attempt.ts';
import { isReporting } from './attempts/report-collector.ts';
import type { LaneParts } from './lane-parts.ts';
import { type Batch, part, positionAt } from './lane-queue.ts';
import { moveToDeadLetters } from './move-to-dead-letters.ts';

/** What a delivery works with. The cursor may be one of a replay: dead letters are kept under its instance. */
export interface DeliveryParts
  extends Pick<LaneParts, 'handler' | 'context' | 'retry' | 'cursor' | 'hide' | 'enter'> {
  /** Tries a batch, or with `single` only its first incident. Never rejects. */
  attempt(batch: Batch, single: boolean): Promise<Outcome>;
  /** Positions of dead letters that lie ahead: they stay dead. */
  readonly deadPositions: Set<number>;
  /** Aborts when a task needs the lane's turn: what would have to wait is given back then. */
  wanted(): AbortSignal;
  /** Called with a temporary failure; the batch is given back at once. Absent: it is retried. */
  giveBack?(error: unknown): void;
}

/**
 * Delivers a batch. Resolves when each incident is handled or a dead letter, when the lane stops, or when the rest is given
 * back because it has to wait: it lies beyond the cursor's position.
 */
export function deliver(parts: DeliveryParts, batch: Batch): Promise<void> {
  return new Delivery(parts, batch).run();
}

/** One batch on its way to the handler. */
class Delivery {
  readonly #parts: DeliveryParts;
  /** What is not handled yet. */
  #rest: Batch;
  /** Whether incidents are tried one by one, because the whole batch failed. */
  #isSingle = false;
  /** The ids of those in the rest that a write has handled although it failed in part. */
  #handled: ReadonlySet<string> = new Set();
  /** How often the first incident of the rest has failed with an error of unknown kind. */
  #unknownFailures = 0;
  /** How often it has failed in all. */
  #failures = 0;

  constructor(parts: DeliveryParts, batch: Batch) {
    this.#parts = parts;
    this.#rest = batch;
  }

  async run(): Promise<void> {
    const { cursor, enter, deadPositions, context } = this.#parts;
    while (this.#rest.incidents.length > 0 && !context.signal.aborted) {
      if (this.#passDead() || (this.#handled.size > 0 && (await this.#passHandled()))) continue;
      // With dead letters ahead, one by one: a batch must not include them.
      const outcome = await this.#parts.attempt(this.#rest, this.#isSingle || deadPositions.size > 0);
      if (outcome.done > 0) {
        const acknowledging = this.#acknowledge(outcome);
        if (acknowledging instanceof Promise) await acknowledging;
        this.#advance(outcome.done);
        enter({ name: 'delivering' });
      }
      if (outcome.failure === undefined) continue;
      if (context.signal.aborted || (await this.#isGivenBack(outcome, outcome.failure.error))) return;
    }
    const { incidents, through } = this.#rest;
    if (incidents.length === 0 && through > cursor.position) cursor.account(through, 0, 0);
  }

  #advance(count: number): void {
    this.#rest = part(this.#rest, count);
    this.#unknownFailures = this.#failures = 0;
  }

  /** Accounts for the first of the rest if it is a dead letter already. */
  #passDead(): boolean {
    const { deadPositions, cursor } = this.#parts;
    const position = positionAt(this.#rest, 0);
    if (position === undefined || !deadPositions.delete(position)) return false;
    cursor.account(position, 0, 1);
    this.#rest = part(this.#rest, 1);
    return true;
  }

  /** Acknowledges those at the front of the rest that are handled already. Whether there were any. */
  async #passHandled(): Promise<boolean> {
    const { incidents } = this.#rest;
    const end = incidents.findIndex(({ id }) => !this.#handled.has(id));
    const done = end === -1 ? incidents.length : end;
    if (done === 0) return false;
    await this.#acknowledge({ done, reports: [] });
    this.#advance(done);
    return true;
  }

  /** Whether a batch has failed only in part: then those that failed are tried one by one, and the others are passed. */
  #isPartial(error: unknown): boolean {
    const { handler } = this.#parts;
    const failed = failedIds(error);
    if (failed === undefined || !isWriting(handler) || this.#isSingle) return false;
    if (handler.checkpoint !== undefined || isReporting(handler)) return false;
    const ids = this.#rest.incidents.map(({ id }) => id);
    if (ids.length === 1 || !ids.some((id) => failed.has(id))) return false;
    this.#handled = new Set(ids.filter((id) => !failed.has(id)));
    this.#isSingle = true;
    return true;
  }

  /** Acknowledges the first `done` of the rest. */
  #acknowledge({ done, reports, written, known, state }: Outcome): MaybePromise<void> {
    const { cursor } = this.#parts;
    const next = positionAt(this.#rest, done);
    if (written !== undefined) cursor.wrote(written);
    cursor.account(next === undefined ? this.#rest.through : next - 1, done, 0, known);
    cursor.keep(state);
    cursor.owe(reports, []);
    return cursor.commit();
  }

  /** Decides what a failure means: retries, moves to the dead letters, or gives the rest back. */
  async #isGivenBack(outcome: Outcome, thrown: unknown): Promise<boolean> {
    const { handler, giveBack } = this.#parts;
    if (this.#isPartial(thrown)) return false;
    // Of one incident, its own error decides.
    const error = failedIds(thrown) === undefined ? thrown : (property(thrown, 'cause') ?? thrown);
    const kind = failureKind(error);
    if (this.#failures === 0) logStack(error, this.#parts.context.log);
    if (kind !== 'temporary' && isWriting(handler) && !this.#isSingle && this.#rest.incidents.length > 1) {
      this.#isSingle = true;
      return false;
    }
    if (this.#isFinal(outcome, kind)) {
      await (outcome.stored ? this.#acknowledgeWithoutReports(error) : this.#moveToDeadLetters(error));
      this.#advance(1);
      return false;
    }
    if (kind === 'temporary' && giveBack !== undefined) {
      giveBack(error);
      return true;
    }
    return this.#waitToRetry(error, kind);
  }

  /** Whether the first incident of the rest is not retried any more. */
  #isFinal({ owed }: Outcome, kind: FailureKind): boolean {
    if (owed) {
      this.#unknownFailures = 0;
      return false;
    }
    if (kind === 'unknown') this.#unknownFailures += 1;
    return (
      kind === 'permanent' || (kind === 'unknown' && this.#unknownFailures >= this.#parts.retry.attempts)
    );
  }

  /** Waits until the next attempt is due; whether the rest is given back instead. */
  async #waitToRetry(error: unknown, kind: FailureKind): Promise<boolean> {
    const { context, retry, enter, wanted } = this.#parts;
    const failure = describeFailure(error);
    if (this.#failures === 0) context.log.warn('delivery failed, retrying', { error: failure });
    enter({ name: 'waiting', failure, isBusy: true });
    const delay = backoffDelay(retry, this.#failures, error);
    this.#failures += 1;
    if (kind !== 'temporary') {
      await pause(delay, context.signal);
      return false;
    }
    const task = wanted();
    await pause(delay, AbortSignal.any([task, context.signal]));
    return task.aborted;
  }

  /** Acknowledges the first of the rest, which is stored but whose reports are missing: as a dead letter it would be stored twice. */
  async #acknowledgeWithoutReports(error: unknown): Promise<void> {
    this.#parts.context.log.error('stored an incident but cannot report because of it', {
      incident: this.#rest.incidents[0]?.id,
      error: describeFailure(error),
    });
    await this.#acknowledge({ done: 1, reports: [] });
  }

  async #moveToDeadLetters(error: unknown): Promise<void> {
    const [incident, position] = [this.#rest.incidents[0], positionAt(this.#rest, 0)];
    if (incident === undefined || position === undefined) return;
    await moveToDeadLetters(this.#parts, { incident, position, error, attempts: this.#failures + 1 });
  }
}
