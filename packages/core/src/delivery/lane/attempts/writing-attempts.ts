import { advance, type Checkpoint, isTaken } from '../../../contract/checkpoint.ts';
import { describeError } from '../../../contract/error.ts';
import type { HandlerContext, WritingHandler } from '../../../contract/handler.ts';
import type { Incident } from '../../../contract/incident.ts';
import { withRedeliveryId } from '../../../incident/redelivery-id.ts';
import type { HandlerCode } from '../../code/handler-code.ts';
import type { StateHolder } from '../handler-state.ts';
import { type Batch, positionAt } from '../lane-queue.ts';
import type { Attempts, Outcome } from './attempt.ts';
import { isReporting, ReportCollector } from './report-collector.ts';

/** Incidents at the front of a batch that are all stored already, or all not. */
interface Front {
  readonly isStored: boolean;
  readonly length: number;
}

type StoredTest = (checkpoint: Checkpoint, incident: Incident) => boolean;

function isTakenUnderAnyId(checkpoint: Checkpoint, incident: Incident): boolean {
  return isTaken(checkpoint, incident) || isTaken(checkpoint, withRedeliveryId(incident));
}

function checkpointOf(incidents: readonly Incident[]): Checkpoint {
  const checkpoint = Object.create(null) as Record<string, number>;
  for (const incident of incidents) advance(checkpoint, incident);
  return Object.freeze(checkpoint);
}

/** Attempts of a handler that takes batches and may keep a checkpoint of its own. */
export class WritingAttempts implements Attempts {
  readonly #handler: WritingHandler;
  readonly #context: HandlerContext;
  readonly #code: HandlerCode;
  readonly #collector: ReportCollector;
  readonly #isReporting: boolean;
  /** What a replay has stored in a write that failed afterwards, by id: its reports are missing. */
  readonly #owed = new Set<string>();
  /** The handler's checkpoint; undefined when it keeps none. */
  #stored: Record<string, number> | undefined;

  /** `context` is what the handler was started with. */
  constructor(handler: WritingHandler, context: HandlerContext, code: HandlerCode, state: StateHolder) {
    this.#handler = handler;
    this.#code = code;
    this.#context = context;
    this.#collector = new ReportCollector(context, handler, state);
    this.#isReporting = isReporting(handler);
  }

  async started(): Promise<Checkpoint | undefined> {
    if (this.#handler.checkpoint === undefined) return undefined;
    const checkpoint = await this.#code.call(() => this.#handler.checkpoint?.() ?? {});
    this.#stored = Object.assign(Object.create(null) as Record<string, number>, checkpoint);
    return this.#stored;
  }

  stored(stream: string): number | undefined {
    const stored = this.#stored;
    return stored !== undefined && Object.hasOwn(stored, stream) ? stored[stream] : undefined;
  }

  async attempt(batch: Batch, single: boolean): Promise<Outcome> {
    const { incidents } = batch;
    const { isStored, length } = this.#frontOf(incidents, isTaken);
    if (isStored && !this.#isReporting) return this.#known(incidents.slice(0, length));
    const written = Object.freeze(incidents.slice(0, single ? 1 : length));
    return this.#write(written, positionAt(batch, 0) ?? 0, isStored);
  }

  async attemptReplay(batch: Batch, single: boolean): Promise<Outcome> {
    const { incidents } = batch;
    const { isStored, length } = this.#frontOf(incidents, isTakenUnderAnyId);
    const isOwed = (incident: Incident | undefined) => incident !== undefined && this.#owed.has(incident.id);
    if (isStored && !isOwed(incidents[0])) {
      const owed = incidents.slice(0, length).findIndex(isOwed);
      return this.#known(incidents.slice(0, owed === -1 ? length : owed));
    }
    // What is owed is delivered one by one.
    const written = Object.freeze(incidents.slice(0, single || isStored ? 1 : length));
    const outcome = await this.#write(written, positionAt(batch, 0) ?? 0, isStored);
    if (outcome.owed) for (const { id } of written) this.#owed.add(id);
    else if (outcome.done > 0) for (const { id } of written) this.#owed.delete(id);
    return outcome;
  }

  #frontOf(incidents: readonly Incident[], test: StoredTest): Front {
    const first = incidents[0];
    const checkpoint = this.#stored;
    if (checkpoint === undefined || first === undefined) return { isStored: false, length: incidents.length };
    const isStored = test(checkpoint, first);
    const end = incidents.findIndex((incident) => test(checkpoint, incident) !== isStored);
    return { isStored, length: end === -1 ? incidents.length : end };
  }

  async #write(incidents: readonly Incident[], position: number, isStored: boolean): Promise<Outcome> {
    const covered = checkpointOf(incidents);
    const checkpoint = isStored ? checkpointOf([]) : covered;
    const { context } = this.#collector.begin(incidents);
    const call = this.#code.begin(position);
    try {
      await call.complete(() => this.#handler.write(incidents, checkpoint, context));
      const reports = this.#collector.collected();
      if (this.#stored !== undefined) Object.assign(this.#stored, checkpoint);
      const outcome = {
        ...this.#finished(incidents, reports, covered),
        state: this.#collector.acceptState(),
      };
      return isStored ? { ...outcome, known: incidents.length } : outcome;
    } catch (error) {
      call.end();
      return await this.#afterFailure(incidents, isStored, error);
    } finally {
      call.end();
      this.#collector.end();
    }
  }

  #known(incidents: readonly Incident[]): Outcome {
    return { ...this.#finished(incidents), known: incidents.length };
  }

  #finished(
    incidents: readonly Incident[],
    reports: readonly Incident[] = [],
    written: Checkpoint = checkpointOf(incidents),
  ): Outcome {
    const outcome = { done: incidents.length, reports };
    return this.#handler.checkpoint === undefined ? outcome : { ...outcome, written };
  }

  /** A write may have committed before it failed: what the checkpoint then covers is done, unless its reports are missing. */
  async #afterFailure(incidents: readonly Incident[], wasStored: boolean, error: unknown): Promise<Outcome> {
    const failed: Outcome = { done: 0, reports: [], failure: { error }, stored: wasStored };
    const { log } = this.#context;
    try {
      if ((await this.started()) === undefined) return failed;
    } catch (problem) {
      log.warn('cannot read the checkpoint after a failed write', { error: describeError(problem) });
      return failed;
    }
    const { isStored, length } = this.#frontOf(incidents, isTaken);
    if (this.#isReporting) return { ...failed, owed: isStored && !wasStored };
    if (!isStored) return failed;
    const outcome = this.#finished(incidents.slice(0, length));
    if (length < incidents.length) return { ...outcome, failure: { error } };
    log.error('write failed after everything was stored', { error: describeError(error) });
    return outcome;
  }
}
