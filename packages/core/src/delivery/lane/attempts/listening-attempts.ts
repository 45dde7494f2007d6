import type { HandlerContext, ListeningHandler } from '../../../contract/handler.ts';
import type { Incident } from '../../../contract/incident.ts';
import type { HandlerCode } from '../../code/handler-code.ts';
import type { StateChange, StateHolder } from '../handler-state.ts';
import { type Batch, positionAt, reachedAt } from '../lane-queue.ts';
import type { Attempts, Outcome } from './attempt.ts';
import { callInTurn, callOthers } from './call-listeners.ts';
import { isReporting, ReportCollector } from './report-collector.ts';

/** How long asynchronous listeners may take before what they have handled is acknowledged, in milliseconds. */
const ACKNOWLEDGE_AFTER = 250;

/** Attempts of a handler that takes one incident at a time. */
export function listeningAttempts(
  handler: ListeningHandler,
  context: HandlerContext,
  code: HandlerCode,
  holder: StateHolder,
): Attempts {
  const collector = new ReportCollector(context, handler, holder);
  const reporting = isReporting(handler);

  /** How many incidents are delivered one by one: a call for many has failed as a whole, so one of them is to blame. */
  let careful = 0;

  async function attemptMany(batch: Batch): Promise<Outcome | undefined> {
    const { incidents, reached } = batch;
    const running = code.begin(positionAt(batch, 0) ?? 0);
    const lent = collector.begin(incidents);
    const listenersOf = (index: number) => reachedAt({ reached }, index)?.listeners ?? [];
    try {
      const handled = await running.complete(() =>
        handler.listenToMany?.(incidents, listenersOf, lent.context),
      );
      // It has set the state of those that it says are handled.
      return handled && { ...handled, reports: [], state: collector.acceptState() };
    } catch (error) {
      careful = incidents.length;
      return { done: 0, reports: [], failure: { error } };
    } finally {
      running.end();
      collector.end();
    }
  }

  async function attempt(batch: Batch, single: boolean): Promise<Outcome> {
    const { incidents } = batch;
    if (
      handler.listenToMany !== undefined &&
      !reporting &&
      !single &&
      incidents.length > 1 &&
      careful === 0
    ) {
      const outcome = await attemptMany(batch);
      if (outcome !== undefined) return outcome;
    }
    const reports: Incident[] = [];
    let state: StateChange | undefined;
    const end = single ? 1 : incidents.length;
    let deadline: number | undefined;
    let done = 0;
    const running = code.begin(positionAt(batch, 0) ?? 0);
    try {
      while (done < end) {
        // A report belongs to one incident, and after each asynchronous listener the deadline is checked.
        const to = reporting || deadline !== undefined ? done + 1 : end;
        const lent = collector.begin(reporting ? incidents.slice(done, to) : incidents);
        const from = done;
        const call = running.run(() => callInTurn(batch, from, to, lent));
        done = call.done;
        if (call.failure !== undefined) return { done, reports, state, failure: call.failure };
        if (call.promise !== undefined) {
          deadline ??= performance.now() + ACKNOWLEDGE_AFTER;
          await running.wait(call.promise);
          await running.complete(() => callOthers(batch, call.done, call.next, lent));
        }
        if (lent.reported) {
          reports.push(...collector.collected());
          state = collector.acceptState() ?? state;
        }
        if (done < to) done += 1;
        if (deadline !== undefined && performance.now() > deadline) break;
      }
      return { done, reports, state };
    } catch (error) {
      return { done, reports, state, failure: { error } };
    } finally {
      running.end();
      collector.end();
      careful = Math.max(0, careful - done);
    }
  }

  return {
    attempt,
    attemptReplay: attempt,
    started: async () => undefined,
    stored: () => undefined,
  };
}
