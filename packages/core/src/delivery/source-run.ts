import { describeError, IhandlerError, temporary } from '../contract/error.ts';
import { failureKind } from '../contract/failure-kind.ts';
import { CONTRACT } from '../contract/handler.ts';
import type { Incident } from '../contract/incident.ts';
import type { AppendOptions, JournalRun, SourceMark } from '../contract/journal.ts';
import type { Log } from '../contract/log.ts';
import type { Reject, Source, SourceContext, SourceReportOptions } from '../contract/source.ts';
import { describeFailure, logStack } from '../contract/text/describe-failure.ts';
import { appendOptions, conflictsOf, countAssumed } from '../incident/conflicts.ts';
import { madeIncidents } from '../incident/create-incident.ts';
import { backoffDelay, pause } from '../timing/backoff.ts';
import { abortedBefore, settlesWithin } from '../timing/settles-within.ts';
import { asHost, runAs } from './code/code-owner.ts';
import type { LostIncidents, RunOptions, SourceOutcome, SourceStatus } from './dispatcher-options.ts';
import { type DispatcherParts, laneStatus } from './dispatcher-parts.ts';
import { waitForMove } from './drain.ts';
import { handlersHave, resumeAfter } from './resume-after.ts';
import { createSensorClocks } from './sensor-clocks.ts';

/** How long a refusal is shown as `waiting` when the sender does not try again, in milliseconds. */
const REFUSED_FOR = 60_000;
/** How long a source may take to close after an error that it has not caught, in milliseconds. */
const CLOSES_WITHIN = 5000;

/**
 * Runs a source until it ends or a signal aborts, and counts its reports. Rejects with the error that ended it, with
 * `STALLED` (see {@link RunOptions.stalledAfter}), with `CONTRACT_UNKNOWN`, and with the error of a failed journal.
 */
export async function runSource(
  source: Source,
  options: RunOptions,
  parts: DispatcherParts,
): Promise<SourceOutcome> {
  if (source.contract !== CONTRACT)
    throw new IhandlerError(
      'CONTRACT_UNKNOWN',
      `The source ${source.name} implements contract ${String(source.contract)}, this core implements ${CONTRACT}: install matching versions of both.`,
    );
  return new SourceRun(source, options, parts).run();
}

/** One run of a source. */
class SourceRun {
  readonly #source: Source;
  readonly #options: RunOptions;
  readonly #parts: DispatcherParts;
  readonly #instance: string;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  readonly #count = { accepted: 0, known: 0, rejected: 0, misfits: 0, unknown: 0 };
  #state: SourceStatus['state'] = 'running';
  #since: number;
  #failure: string | undefined;
  #problem: string | undefined;
  #reportedAt: number | undefined;
  #newest: number | undefined;
  #assumed = 0;
  #lost: LostIncidents | undefined;
  #refusedAt = 0;
  /** Aborts with an error that the source's code has not caught: it ends the run. */
  readonly #uncaught = new AbortController();
  readonly #clocks = createSensorClocks();

  constructor(source: Source, options: RunOptions, parts: DispatcherParts) {
    const { closing, failed } = parts;
    this.#source = source;
    this.#options = options;
    this.#parts = parts;
    this.#instance = options.instance ?? source.name;
    this.#log = parts.log(source.name);
    this.#signal = AbortSignal.any([
      closing,
      failed,
      this.#uncaught.signal,
      ...(options.signal === undefined ? [] : [options.signal]),
    ]);
    this.#since = parts.now();
  }

  async run(): Promise<SourceOutcome> {
    const { failed } = this.#parts;
    this.#publish();
    const owner = { instance: this.#instance, position: 0, fail: (error: unknown) => this.#fail(error) };
    const running = runAs(owner, () => this.#source.run(this.#context()));
    try {
      const ending = AbortSignal.any([failed, this.#uncaught.signal]);
      await Promise.race([running, abortedBefore(running, ending)]);
      ending.throwIfAborted();
    } catch (error) {
      if (this.#uncaught.signal.aborted) await settlesWithin(running, CLOSES_WITHIN);
      this.#enter(failureKind(error) === 'temporary' ? 'disconnected' : 'failed', describeError(error));
      throw error;
    }
    this.#enter('ended');
    return { ...this.#count, ...(this.#assumed > 0 && { assumed: this.#assumed }) };
  }

  #context(): SourceContext {
    const { sensor, journal, now, otherStates } = this.#parts;
    return {
      instance: this.#instance,
      sensor,
      signal: this.#signal,
      log: this.#log,
      now,
      resumeAfter: (stream) => resumeAfter(stream, this.#parts),
      report: asHost(async (batch: readonly Incident[], reporting?: SourceReportOptions) =>
        this.#report(madeIncidents(batch), reporting),
      ),
      state: asHost(async () => journal.sourceState(this.#instance)),
      otherStates: asHost(async () => Object.values((await otherStates?.()) ?? {})),
      newestOf: async (stream) => journal.newest?.(stream),
      handlersHave: (stream, ordinal) => handlersHave(stream, ordinal, this.#parts),
      reject: asHost((reject: Reject) => this.#reject(reject)),
      problem: (reason) => this.#setProblem(reason),
      progress: (progress) => this.#options.onProgress?.({ ...progress, ...this.#count }),
    };
  }

  /** Its code has left an error uncaught. */
  #fail(error: unknown): void {
    this.#log.error('an error of the source was not caught', { error: describeFailure(error) });
    logStack(error, this.#log);
    this.#uncaught.abort(error);
  }

  #setProblem(reason: string | undefined): void {
    if (reason === this.#problem) return;
    this.#problem = reason;
    if (this.#state === 'running' || this.#state === 'failed') this.#resume();
  }

  /** Enters the state of a source that runs. */
  #resume(): void {
    if (this.#problem === undefined) this.#enter('running');
    else this.#enter('failed', this.#problem);
  }

  #enter(state: SourceStatus['state'], failure?: string): void {
    if (state !== this.#state) this.#since = this.#parts.now();
    this.#state = state;
    this.#failure = failure;
    this.#publish();
  }

  /** Makes its status visible. */
  #publish(): void {
    const clocks = this.#clocks.wrong();
    this.#parts.sources.set(this.#instance, {
      instance: this.#instance,
      source: this.#source.name,
      state: this.#state,
      since: this.#since,
      ...this.#count,
      ...(this.#reportedAt !== undefined && { reportedAt: this.#reportedAt }),
      ...(this.#newest !== undefined && { newest: this.#newest }),
      ...(clocks.length > 0 && { clocks }),
      ...(this.#failure !== undefined && { failure: this.#failure }),
      ...(this.#assumed > 0 && { assumed: this.#assumed }),
      ...(this.#lost && { lost: this.#lost }),
    });
  }

  async #report(batch: readonly Incident[], options: SourceReportOptions = {}): Promise<void> {
    const { within, state: kept } = options;
    const mark = kept === undefined ? undefined : { source: this.#instance, state: kept };
    if (within !== undefined) return this.#appendWithin(batch, mark, within, options);
    const run = await this.#append(batch, mark, options);
    this.#countRun(run, batch.length, options);
    this.#publish();
  }

  #countRun(run: JournalRun, reported: number, { onConflict }: SourceReportOptions): void {
    const [{ incidents }, { origins, router, now }, count] = [run, this.#parts, this.#count];
    const conflicts = onConflict === undefined ? [] : conflictsOf(run, origins);
    for (const conflict of conflicts) onConflict?.(conflict);
    count.accepted += incidents.length;
    const assumed = onConflict === undefined ? 0 : countAssumed(run);
    if (assumed > 0) this.#assume(assumed);
    count.known += reported - incidents.length - conflicts.length - assumed;
    for (const { misfit, origin, timestamp } of incidents) {
      if (misfit !== undefined) count.misfits += 1;
      if (!router.route(origin, false).known) count.unknown += 1;
      if (this.#newest === undefined || timestamp > this.#newest) this.#newest = timestamp;
    }
    if (incidents.length === 0) return;
    this.#reportedAt = now();
    this.#clocks.add(incidents, this.#reportedAt);
  }

  /** Says that incidents were not stored without a comparison: the first time, and then for each tenfold. */
  #assume(count: number): void {
    const before = this.#assumed;
    this.#assumed += count;
    if (before > 0 && String(before).length === String(this.#assumed).length) return;
    const advice =
      'retention removed the entries up to these ids: raise the limit of the journal to compare them';
    this.#log.warn('incidents assumed to be known', { count: this.#assumed, advice });
  }

  async #reject(reject: Reject): Promise<void> {
    const { onReject } = this.#parts;
    this.#count.rejected += 1;
    this.#publish();
    if (onReject === undefined) this.#log.warn('rejected invalid input', { ...reject, text: undefined });
    else await onReject(this.#source.name, reject);
  }

  /** Appends; retried for as long as the journal refuses with a temporary error. */
  async #append(
    batch: readonly Incident[],
    mark: SourceMark | undefined,
    options: SourceReportOptions,
  ): Promise<JournalRun> {
    for (let failures = 0; ; failures += 1)
      try {
        const run = await this.#appendUnlessStalled(batch, mark, appendOptions(options));
        if (this.#state === 'waiting') this.#resume();
        return run;
      } catch (error) {
        if (failureKind(error) !== 'temporary' || this.#signal.aborted) throw error;
        const failure = describeError(error);
        if (failures === 0) this.#log.warn('journal does not accept incidents, retrying', { error: failure });
        this.#enter('waiting', failure);
        await pause(backoffDelay(this.#parts.retry, failures), this.#signal);
        if (this.#signal.aborted) throw error;
      }
  }

  async #appendWithin(
    batch: readonly Incident[],
    mark: SourceMark | undefined,
    within: number,
    options: SourceReportOptions,
  ): Promise<void> {
    const { length } = batch;
    const { isLastChance = false } = options;
    const inTime = new AbortController();
    let isLate = false;
    const accepted = this.#parts.accept(batch, mark, appendOptions(options)).then(
      (run) => {
        // The sender repeats late incidents, which are counted then.
        if (!isLate || isLastChance) this.#countRun(run, length, options);
        if (this.#state === 'waiting') this.#resume();
        else this.#publish();
      },
      (error: unknown) => {
        this.#refused(error, isLastChance ? length : 0);
        throw error;
      },
    );
    accepted.catch(() => undefined); // when it is late

    const late = pause(within, inTime.signal).then(() => {
      isLate = !inTime.signal.aborted;
      throw temporary(`Not durable within ${within} ms.`);
    });
    late.catch(() => undefined); // of no interest when the append is first
    try {
      await Promise.race([accepted, late]);
    } finally {
      inTime.abort();
    }
  }

  /** The journal does not accept a batch. It shows as waiting until one is accepted, or its sender has given up. */
  #refused(error: unknown, lost: number): void {
    const { now } = this.#parts;
    const reason = describeError(error);
    if (lost > 0) this.#lost = { count: (this.#lost?.count ?? 0) + lost, at: now(), reason };
    this.#refusedAt = performance.now();
    if (this.#state === 'running' || this.#state === 'waiting') this.#enter('waiting', reason);
    else this.#publish();
    const timer = setTimeout(() => {
      const isOld = performance.now() - this.#refusedAt >= REFUSED_FOR;
      if (isOld && this.#state === 'waiting') this.#resume();
    }, REFUSED_FOR + 10);
    timer.unref();
  }

  /** Appends; rejects with `STALLED` when an append waits and no lane has made progress for `stalledAfter`. */
  async #appendUnlessStalled(
    batch: readonly Incident[],
    mark: SourceMark | undefined,
    appending: AppendOptions | undefined,
  ): Promise<JournalRun> {
    const { lanes, moved } = this.#parts;
    const limit = this.#options.stalledAfter;
    if (limit === undefined) return this.#parts.accept(batch, mark, appending);
    const began = performance.now();
    const settled = new AbortController();
    const appended = this.#parts.accept(batch, mark, appending).finally(() => settled.abort());
    const watch = (async () => {
      while (!settled.signal.aborted) {
        const last = Math.max(began, ...lanes.map((lane) => lane.movedAt()));
        const left = last + limit - performance.now();
        if (left <= 0) throw this.#stalled(limit);
        await waitForMove(moved, left, settled.signal);
      }
      return appended;
    })();
    return Promise.race([appended, watch]);
  }

  #stalled(milliseconds: number): IhandlerError {
    const behind = laneStatus(this.#parts)
      .filter(({ pending }) => pending > 0)
      .map(({ instance, failure }) => `${instance}: ${failure ?? 'has not returned from a delivery'}`);
    return new IhandlerError(
      'STALLED',
      `No handler has made progress for ${Math.round(milliseconds / 1000)} seconds, so incidents are not accepted.\n${behind.join('\n')}`,
    );
  }
}
