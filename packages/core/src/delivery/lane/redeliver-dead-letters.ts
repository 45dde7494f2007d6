import { IhandlerError } from '../../contract/error.ts';
import { failureKind } from '../../contract/failure-kind.ts';
import { isWriting } from '../../contract/handler.ts';
import type { DeadLetter } from '../../contract/journal.ts';
import { describeFailure } from '../../contract/text/describe-failure.ts';
import { redeliveredReports, withRedeliveryId } from '../../incident/redelivery-id.ts';
import type { Reached } from '../../routing/router.ts';
import type { RetryOutcome } from '../dispatcher-options.ts';
import type { Outcome } from './attempts/attempt.ts';
import type { LaneCursor } from './lane-cursor.ts';
import type { LaneParts } from './lane-parts.ts';

/** What became of a dead letter: `none` when it was gone already, or is not for the instance any more. */
type RetryResult = keyof RetryOutcome | 'none';

/** Retries and drops the dead letters of an instance, or of one replay to it, one operation at a time. */
export class DeadLetters {
  readonly #parts: LaneParts;
  readonly #cursor: LaneCursor;
  readonly #isReplay: boolean;
  readonly #keepsCheckpoint: boolean;
  #turn: Promise<unknown> = Promise.resolve();

  /** Those of the replay named `replay` have a cursor of their own. */
  constructor(parts: LaneParts, replay?: string) {
    const { handler, cursor } = parts;
    this.#parts = parts;
    this.#isReplay = replay !== undefined;
    this.#cursor = replay === undefined ? cursor : cursor.forReplay(replay);
    this.#keepsCheckpoint = isWriting(handler) && handler.checkpoint !== undefined;
  }

  /** Retries them, oldest first, one a turn of the lane; all, or those at these positions. Rejects with a temporary failure. */
  async retry(positions?: readonly number[]): Promise<RetryOutcome> {
    const wanted = positions && new Set(positions);
    const outcome = { delivered: 0, dead: 0 };
    for (const { position } of await this.#letters()) {
      if (wanted?.has(position) === false) continue;
      const result = await this.#parts.tasks.add(() => this.#alone(() => this.#retryOne(position)));
      if (result !== 'none') outcome[result] += 1;
    }
    return outcome;
  }

  /** Drops them in one commit; returns how many. */
  drop(isDropped: (letter: DeadLetter) => boolean): Promise<number> {
    return this.#alone(async () => {
      const positions = (await this.#letters()).filter(isDropped).map(({ position }) => position);
      if (positions.length === 0) return 0;
      this.#cursor.resolve(positions, 'dropped');
      await this.#cursor.commit();
      return positions.length;
    });
  }

  /** One operation after the other: what one takes out of the counts no other may. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined); // reported to the caller of that operation
    return result;
  }

  /** Those in the counts. After a restart from the beginning some lie ahead: they are passed as dead when their turn comes. */
  async #letters(): Promise<readonly DeadLetter[]> {
    if (this.#isReplay) await this.#cursor.load(0);
    const all = await this.#parts.journal.deadLetters(this.#cursor.instance);
    return all.filter(({ position }) => position <= this.#cursor.position);
  }

  async #retryOne(position: number): Promise<RetryResult> {
    const { journal, context, input } = this.#parts;
    const [letter] = await journal.deadLetters(this.#cursor.instance, position - 1, 1);
    if (letter?.position !== position || position > this.#cursor.position) return 'none';
    const reached = input.reach(letter.incident);
    if (reached === undefined) {
      this.#cursor.resolve([position], 'filtered');
      await this.#cursor.commit();
      return 'none';
    }
    const outcome = await this.#attempt(letter, reached);
    const error = outcome.failure?.error;
    const isTemporary = failureKind(error) === 'temporary';
    if (outcome.done === 1 || (outcome.stored && !isTemporary)) return this.#settle(letter, outcome);
    if (outcome.owed || isTemporary || context.signal.aborted) throw error;
    return this.#keep(letter, error);
  }

  async #attempt(letter: DeadLetter, reached: Reached): Promise<Outcome> {
    const { attempts, retry, context } = this.#parts;
    const incident = this.#keepsCheckpoint ? withRedeliveryId(letter.incident) : letter.incident;
    const batch = { incidents: [incident], positions: [letter.position], reached, through: letter.position };
    let outcome = await attempts.attempt(batch, true);
    // The row is stored, and the failure came before the reports were collected: deliver again for the reports.
    for (let tries = 1; outcome.owed && tries < retry.attempts && !context.signal.aborted; tries += 1)
      outcome = await attempts.attempt(batch, true);
    return outcome;
  }

  /** Counts a letter as delivered, with its reports. */
  async #settle(
    { incident, position }: DeadLetter,
    { reports, failure, state }: Outcome,
  ): Promise<'delivered'> {
    if (failure !== undefined)
      this.#parts.context.log.error('stored an incident but cannot report because of it', {
        incident: incident.id,
        error: describeFailure(failure.error),
      });
    this.#cursor.resolve([position], 'delivered');
    this.#cursor.keep(state);
    this.#cursor.owe(this.#keepsCheckpoint ? reports : redeliveredReports(incident, reports), []);
    await this.#cursor.commit();
    return 'delivered';
  }

  /** Keeps a letter, with the new reason. */
  async #keep(letter: DeadLetter, error: unknown): Promise<'dead'> {
    const reason = describeFailure(error);
    const attempts = letter.attempts + 1;
    this.#cursor.owe([], [{ ...letter, reason, attempts, at: this.#parts.context.now() }]);
    await this.#cursor.commit();
    return 'dead';
  }
}

/**
 * Returns a function that finds the dead letters of a lane, or of the replay with a name. It throws `LIFE_CYCLE` for the
 * `running` replay: its counts are in use.
 */
export function createDeadLetters(
  parts: LaneParts,
  running: () => string | undefined,
): (replay?: string) => DeadLetters {
  const byReplay = new Map<string | undefined, DeadLetters>();
  return (replay) => {
    if (replay !== undefined && replay === running())
      throw new IhandlerError(
        'LIFE_CYCLE',
        `The replay ${JSON.stringify(replay)} to ${parts.context.instance} is still running: wait until it ends.`,
      );
    const letters = byReplay.get(replay) ?? new DeadLetters(parts, replay);
    byReplay.set(replay, letters);
    return letters;
  };
}
