import { advance, type Checkpoint, isTaken } from '../../contract/checkpoint.ts';
import { describeError } from '../../contract/error.ts';
import type { HandlerContext, ListeningHandler, WritingHandler } from '../../contract/handler.ts';
import type { Incident } from '../../contract/incident.ts';
import { callInTurn, callOthers } from './call-listeners.ts';
import type { Batch } from './lane-queue.ts';
import { withRedeliveryId } from './redelivery-id.ts';
import { createCollector, isReporting } from './report-collector.ts';

/** What one attempt at a batch came to. */
export interface Outcome {
  /** How many from the front are handled. */
  readonly done: number;
  /** What the handler reported because of those. */
  readonly reports: readonly Incident[];
  /** What went wrong with the next, if anything did. An outcome without failure may still leave some for the next attempt. */
  readonly failure?: { readonly error: unknown };
  /** Whether the failure came after all was stored, so that only the reports are still owed. */
  readonly owed?: boolean;
  /** Whether all of it was stored before, and came again only for its reports: it cannot be given up any more. */
  readonly stored?: boolean;
  /** The checkpoint of what is handled, which the handler has stored. */
  readonly written?: Checkpoint;
}

/** Delivers to one handler. */
export interface Attempts {
  /** Tries a batch, or with `single` only its first incident. Never throws. */
  attempt(batch: Batch, single: boolean): Promise<Outcome>;
  /** The same for a replay: what is stored, under its own id or as a dead letter that was tried again, does not even come for its reports. */
  attemptAgain(batch: Batch, single: boolean): Promise<Outcome>;
  /** Asks the handler what it has stored; called after each start. */
  started(): Promise<Checkpoint | undefined>;
  /** The highest ordinal of a stream that the handler says it has stored. */
  stored(stream: string): number | undefined;
}

/** How long listeners may go on before what they have done is acknowledged, in milliseconds. */
const ACKNOWLEDGE_AFTER = 250;

/** Attempts of a handler that takes one incident at a time. */
export function listeningAttempts(handler: ListeningHandler, context: HandlerContext): Attempts {
  const collector = createCollector(context, handler);
  const reporting = isReporting(handler);
  const attempts: Attempts = {
    started: async () => undefined,
    stored: () => undefined,
    attemptAgain: (batch, single) => attempts.attempt(batch, single),
    async attempt(batch, single) {
      const { incidents } = batch;
      const reports: Incident[] = [];
      const end = single ? 1 : incidents.length;
      let deadline: number | undefined;
      let done = 0;
      try {
        while (done < end) {
          // Each report belongs to an incident, and the clock is looked at after each that took time.
          const to = reporting || deadline !== undefined ? done + 1 : end;
          const lent = collector.begin(reporting ? incidents.slice(done, to) : incidents);
          const call = callInTurn(batch, done, to, lent);
          done = call.done;
          if (call.failure !== undefined) return { done, reports, failure: call.failure };
          if (call.promise !== undefined) {
            deadline ??= performance.now() + ACKNOWLEDGE_AFTER;
            await call.promise;
            await callOthers(batch, done, call.next, lent);
          }
          if (lent.reported) reports.push(...collector.collected());
          if (done < to) done += 1;
          if (deadline !== undefined && performance.now() > deadline) break;
        }
        return { done, reports };
      } catch (error) {
        return { done, reports, failure: { error } };
      } finally {
        collector.end();
      }
    },
  };
  return attempts;
}

function isTakenAnyhow(checkpoint: Checkpoint, incident: Incident): boolean {
  return isTaken(checkpoint, incident) || isTaken(checkpoint, withRedeliveryId(incident));
}

/** Attempts of a handler that takes batches and may keep a checkpoint of its own. */
export function writingAttempts(handler: WritingHandler, context: HandlerContext): Attempts {
  const collector = createCollector(context, handler);
  const reporting = isReporting(handler);
  let stored: Record<string, number> | undefined;

  async function ask(): Promise<Checkpoint | undefined> {
    if (handler.checkpoint === undefined) return undefined;
    stored = Object.assign(Object.create(null) as Record<string, number>, await handler.checkpoint());
    return stored;
  }

  function checkpointOf(incidents: readonly Incident[]): Checkpoint {
    const checkpoint = Object.create(null) as Record<string, number>;
    for (const incident of incidents) advance(checkpoint, incident);
    return Object.freeze(checkpoint);
  }

  /** How many from the front are all stored already, or all not. */
  function run(
    incidents: readonly Incident[],
    isStored: (checkpoint: Checkpoint, incident: Incident) => boolean = isTaken,
  ): { readonly taken: boolean; readonly length: number } {
    const first = incidents[0];
    if (stored === undefined || first === undefined) return { taken: false, length: incidents.length };
    const checkpoint = stored;
    const taken = isStored(checkpoint, first);
    const end = incidents.findIndex((incident) => isStored(checkpoint, incident) !== taken);
    return { taken, length: end === -1 ? incidents.length : end };
  }

  async function write(incidents: readonly Incident[], taken: boolean): Promise<Outcome> {
    const covered = checkpointOf(incidents);
    const checkpoint = taken ? checkpointOf([]) : covered;
    const lent = collector.begin(incidents).context;
    try {
      await handler.write(incidents, checkpoint, lent);
      const reports = collector.collected();
      if (stored !== undefined) Object.assign(stored, checkpoint);
      return finished(incidents, reports, covered);
    } catch (error) {
      return await afterFailure(incidents, taken, error);
    } finally {
      collector.end();
    }
  }

  function finished(
    incidents: readonly Incident[],
    reports: readonly Incident[] = [],
    written: Checkpoint = checkpointOf(incidents),
  ): Outcome {
    const outcome = { done: incidents.length, reports };
    return handler.checkpoint === undefined ? outcome : { ...outcome, written };
  }

  /** A write may have committed before it failed: what the handler says it has is done, unless it still owes its reports. */
  async function afterFailure(
    incidents: readonly Incident[],
    wasTaken: boolean,
    error: unknown,
  ): Promise<Outcome> {
    const nothing: Outcome = { done: 0, reports: [], failure: { error }, stored: wasTaken };
    try {
      if ((await ask()) === undefined) return nothing;
    } catch (problem) {
      context.log.warn('cannot tell what it has stored', { error: describeError(problem) });
      return nothing;
    }
    const { taken, length } = run(incidents);
    if (reporting) return { ...nothing, owed: taken && !wasTaken };
    if (!taken) return nothing;
    const outcome = finished(incidents.slice(0, length));
    if (length < incidents.length) return { ...outcome, failure: { error } };
    context.log.error('failed after it had stored everything', { error: describeError(error) });
    return outcome;
  }

  return {
    started: ask,
    stored: (stream) => (stored !== undefined && Object.hasOwn(stored, stream) ? stored[stream] : undefined),
    async attempt({ incidents }, single) {
      const { taken, length } = run(incidents);
      if (taken && !reporting) return finished(incidents.slice(0, length));
      return write(incidents.slice(0, single ? 1 : length), taken);
    },
    async attemptAgain({ incidents }, single) {
      const { taken, length } = run(incidents, isTakenAnyhow);
      if (taken) return finished(incidents.slice(0, length));
      return write(incidents.slice(0, single ? 1 : length), false);
    },
  };
}
