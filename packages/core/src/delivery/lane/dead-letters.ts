import { describeError, failureKind, IhandlerError } from '../../contract/error.ts';
import { isWriting } from '../../contract/handler.ts';
import type { DeadLetter } from '../../contract/journal.ts';
import type { Reached } from '../../routing/router.ts';
import type { RetryOutcome } from '../dispatcher-options.ts';
import type { AsideHost } from './aside-host.ts';
import type { Outcome } from './attempt.ts';
import { createLaneCursor } from './lane-cursor.ts';
import { aliasReports, withRedeliveryId } from './redelivery-id.ts';

/** What can be done with the dead letters of an instance, or of a replay to it. */
export interface DeadLetterWork {
  /** Tries them again, oldest first, one a turn of the lane; all, or those at these positions. Rejects with a failure that passes. */
  retry(positions?: readonly number[]): Promise<RetryOutcome>;
  /** Drops them, in one commit; answers how many. */
  drop(isDropped: (letter: DeadLetter) => boolean): Promise<number>;
}

type Fate = keyof RetryOutcome | 'neither';

/**
 * Works on dead letters, one thing at a time: what one takes out of the counts no other may. Those of the replay named
 * `replay` are in counts of their own.
 */
function createDeadLetterWork(host: AsideHost, replay: string | undefined): DeadLetterWork {
  const { handler, context, journal, attempts } = host;
  const instance = replay === undefined ? context.instance : `${context.instance}@${replay}`;
  const ledger = replay === undefined ? host.ledger : createLaneCursor(journal, instance);
  const commit = replay === undefined ? host.commit : () => host.commitOf(ledger);
  const keepsCheckpoint = isWriting(handler) && handler.checkpoint !== undefined;
  let turn: Promise<unknown> = Promise.resolve();

  function alone<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => undefined); // whoever asked is told
    return result;
  }

  /** Those in the counts: after a restart from the beginning some lie ahead, and are passed as dead when it comes to them. */
  async function letters(): Promise<readonly DeadLetter[]> {
    if (replay !== undefined) await ledger.load(0);
    const all = await journal.deadLetters(instance);
    return all.filter(({ position }) => position <= ledger.cursor().position);
  }

  async function attempt(letter: DeadLetter, reached: Reached): Promise<Outcome> {
    const incident = keepsCheckpoint ? withRedeliveryId(letter.incident) : letter.incident;
    const batch = { incidents: [incident], positions: [letter.position], reached, through: letter.position };
    let outcome = await attempts.attempt(batch, true);
    // It has stored the row and failed before its reports were collected: it is asked for them again.
    for (let tries = 1; outcome.owed && tries < host.retry.attempts && !context.signal.aborted; tries += 1)
      outcome = await attempts.attempt(batch, true);
    return outcome;
  }

  async function retryOne(position: number): Promise<Fate> {
    const [letter] = await journal.deadLetters(instance, position - 1, 1);
    if (letter?.position !== position || position > ledger.cursor().position) return 'neither';
    const reached = host.reach(letter.incident);
    if (reached === undefined) {
      ledger.resolve([position], 'filtered');
      await commit();
      return 'neither';
    }
    const { done, reports, failure, owed, stored } = await attempt(letter, reached);
    const isPassing = failureKind(failure?.error) === 'temporary';
    if (stored && failure !== undefined && !isPassing)
      context.log.error('has stored an incident and cannot report because of it', {
        incident: letter.incident.id,
        error: describeError(failure.error),
      });
    if (done === 1 || (stored && !isPassing)) {
      ledger.resolve([position], 'delivered');
      ledger.owe(keepsCheckpoint ? reports : aliasReports(letter.incident, reports), []);
      await commit();
      return 'delivered';
    }
    const error = failure?.error;
    if (owed || context.signal.aborted || isPassing) throw error;
    const again = {
      ...letter,
      reason: describeError(error),
      attempts: letter.attempts + 1,
      at: context.now(),
    };
    ledger.owe([], [again]);
    await commit();
    return 'dead';
  }

  return {
    async retry(positions) {
      const wanted = positions && new Set(positions);
      const outcome = { delivered: 0, dead: 0 };
      for (const { position } of await letters()) {
        if (wanted?.has(position) === false) continue;
        const fate = await host.aside(() => alone(() => retryOne(position)));
        if (fate !== 'neither') outcome[fate] += 1;
      }
      return outcome;
    },
    drop: (isDropped) =>
      alone(async () => {
        const positions = (await letters()).filter(isDropped).map(({ position }) => position);
        if (positions.length === 0) return 0;
        ledger.resolve(positions, 'dropped');
        await commit();
        return positions.length;
      }),
  };
}

/**
 * Finds the work on the letters of a lane, or of the replay with a name. Throws `LIFE_CYCLE` for the replay that is
 * `running`: its counts are in use.
 */
export function createLetterWork(
  host: AsideHost,
  running: () => string | undefined,
): (replay?: string) => DeadLetterWork {
  const works = new Map<string | undefined, DeadLetterWork>();
  return (replay) => {
    if (replay !== undefined && replay === running())
      throw new IhandlerError(
        'LIFE_CYCLE',
        `The replay ${replay} of ${host.context.instance} goes on: wait until it is through.`,
      );
    const work = works.get(replay) ?? createDeadLetterWork(host, replay);
    works.set(replay, work);
    return work;
  };
}
