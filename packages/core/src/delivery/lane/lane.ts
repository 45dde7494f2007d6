import { describeError, isJournalFailed } from '../../contract/error.ts';
import { abortOf, backoffDelay, pause } from '../../timing/backoff.ts';
import { createNotifier } from '../../timing/notifier.ts';
import { createThrottledLog, type ThrottledLog } from '../../timing/throttled-log.ts';
import { createEventLoopYield } from '../../timing/yield-to-event-loop.ts';
import type { LaneStatus } from '../dispatcher-options.ts';
import { createLaneParts, type LaneOptions } from './create-lane-parts.ts';
import { type DeliveryParts, deliver } from './deliver-with-retries.ts';
import { HandlerLifecycle } from './handler-lifecycle.ts';
import { stateName } from './handler-state.ts';
import type { LaneCursor } from './lane-cursor.ts';
import type { LaneInput } from './lane-input.ts';
import type { LaneParts, LaneState } from './lane-parts.ts';
import type { Batch } from './lane-queue.ts';
import { createDeadLetters, type DeadLetters } from './redeliver-dead-letters.ts';
import { Replayer } from './replay.ts';
import { LaneActivity } from './state/lane-activity.ts';
import { statusOf } from './state/lane-status.ts';
import { reportFailedStart } from './state/report-failed-start.ts';
import { UncaughtErrorCounter } from './state/uncaught-errors.ts';

/** How many batches may be queued for a live lane before it reads the journal instead. */
const LIVE_BATCHES = 10;

/**
 * Delivers to one handler what the journal holds for it, in order. Its loop works on one thing at a time: a batch of the
 * input, or a task. Its activity is one state, which `status` shows.
 */
export class Lane {
  readonly instance: string;
  readonly input: LaneInput;
  readonly cursor: LaneCursor;
  readonly handler: HandlerLifecycle;
  readonly replayer: Replayer;
  /** The dead letters of the lane, or of the replay with this name. Throws `LIFE_CYCLE` for a running replay. */
  readonly deadLetters: (replay?: string) => DeadLetters;
  readonly #options: LaneOptions;
  readonly #parts: LaneParts;
  readonly #delivery: DeliveryParts;
  readonly #stopping = new AbortController();
  /** Aborts when a paused lane is resumed. */
  readonly #resuming = new AbortController();
  readonly #news = createNotifier();
  readonly #losses: ThrottledLog;
  readonly #activity: LaneActivity;
  readonly #uncaught: UncaughtErrorCounter;
  #movedAt = performance.now();
  #starting: Promise<void> | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
    const { now, log } = options.context;
    this.#activity = new LaneActivity(now);
    this.#uncaught = new UncaughtErrorCounter(log, now);
    this.#losses = createThrottledLog(options.context.log.error);
    this.#parts = createLaneParts(options, {
      signal: this.#stopping.signal,
      wake: () => this.wake(),
      enter: (state) => this.#enter(state),
      onCommit: () => {
        this.#movedAt = performance.now();
      },
      onRefused: (failure) => this.#onRefused(failure),
      onLost: (count) => this.#onLost(count),
      onUncaught: (error) => this.fail(error),
    });
    const { context, input, cursor, tasks, attempts } = this.#parts;
    this.instance = context.instance;
    this.input = input;
    this.cursor = cursor;
    this.handler = new HandlerLifecycle(this.#parts);
    this.replayer = new Replayer(this.#parts);
    this.deadLetters = createDeadLetters(this.#parts, () => this.replayer.running);
    this.#delivery = {
      ...this.#parts,
      attempt: (batch, single) => attempts.attempt(batch, single),
      deadPositions: this.handler.deadPositions,
      wanted: () => tasks.wanted(),
    };
  }

  /**
   * Loads the cursor and starts the handler. Resolves when the start has succeeded or failed once; it is retried in the
   * background. Rejects with an IhandlerError, which retries cannot fix.
   */
  start(): Promise<void> {
    this.#starting = this.#begin();
    return this.#starting;
  }

  /** Begins no new delivery; resolves when the running one has settled. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#parts.tasks.stop();
    this.#losses.flush();
    this.#uncaught.flush();
    this.wake();
    await this.#starting?.catch(() => undefined); // reported to the caller of start
    await this.#loop;
    if (this.#activity.state.name !== 'stopped') this.#enter({ name: 'stopped', isBusy: this.isBusy() });
  }

  /** Everything up to a position has been offered to the input. */
  offered(position: number): void {
    const { input } = this;
    input.offered(position);
    if (input.size > this.#parts.batch * LIVE_BATCHES) input.fallBehind();
    // While it rests, what is not for it does not wake it.
    const isResting = this.#activity.state.name === 'live' && input.isLive && input.size === 0;
    if (isResting && this.#pass(input.routed) && !this.cursor.isCommitDue()) return;
    this.wake();
  }

  /** Looks for work again: there is something to read, or a task. */
  wake(): void {
    this.#news.notify();
  }

  /** The journal has forgotten something: incidents read before are not delivered. */
  async forgotten(): Promise<void> {
    this.input.discard();
    this.wake();
    await this.handler.findDeadPositions();
  }

  status(): LaneStatus {
    return statusOf(this.#parts, this.#activity, this.handler, this.#uncaught.errors);
  }

  /** Whether a delivery or a task is running, or was cut off when the lane stopped. */
  isBusy(): boolean {
    const { state } = this.#activity;
    return state.name === 'delivering' || ('isBusy' in state && state.isBusy);
  }

  /** Counts an error that the code of its handler has not caught. */
  fail(error: unknown): void {
    this.#uncaught.add(error);
  }

  /** Whether it waits to be resumed. */
  isPaused(): boolean {
    return this.#activity.state.name === 'paused';
  }

  /** Starts the handler of a paused lane. */
  resume(): void {
    this.#resuming.abort();
  }

  /** Whether everything accepted is in its counts, with its reports. */
  isDone(): boolean {
    return !this.isBusy() && this.cursor.position >= this.#parts.journal.bounds().last;
  }

  /** When it last made progress, on the clock of `performance.now()`. */
  movedAt(): number {
    return this.#movedAt;
  }

  /** The highest ordinal of a stream in the handler's checkpoint. */
  stored(stream: string): number | undefined {
    return this.#parts.attempts.stored(stream);
  }

  async #begin(): Promise<void> {
    const { entry } = this.#options;
    const { journal, cursor } = this.#parts;
    const { before, last } = journal.bounds();
    const isNew = await cursor.load(entry.from === 'end' ? last : before);
    this.#parts.state.load((await journal.sourceState(stateName(this.instance))) ?? null);
    // At once: a crash must not change where it begins.
    if (isNew && journal.durable) await cursor.commit();
    if (entry.paused === undefined) await this.#startHandler();
    else this.#enter({ name: 'paused', failure: entry.paused });
    this.#loop = this.#run().catch((error: unknown) => this.#onCrash(error));
  }

  async #startHandler(): Promise<void> {
    if (!(await this.handler.start()))
      reportFailedStart(this.#parts, this.#options.reports, this.handler.startFailure);
  }

  async #run(): Promise<void> {
    const { tasks } = this.#parts;
    if (this.isPaused()) {
      await abortOf(AbortSignal.any([this.#stopping.signal, this.#resuming.signal]));
      if (this.#stopping.signal.aborted) return;
      await this.#startHandler();
    }
    if (!this.handler.isStarted && !(await this.handler.startAgain())) return;
    const turns = createEventLoopYield();
    while (!this.#stopping.signal.aborted) {
      if (tasks.size > 0) await this.#occupied(() => tasks.runNext());
      await this.#turn();
      if (this.#activity.state.name === 'live') turns.afterRest();
      const yielded = turns.afterWork();
      if (yielded !== undefined) await yielded;
    }
  }

  /** Delivers a batch, or waits for one. */
  async #turn(): Promise<void> {
    const { input, cursor } = this.#parts;
    if (!input.isLive && input.size === 0 && !(await this.#read())) return;
    const batch = input.take();
    if (batch.incidents.length > 0) {
      await this.#occupied(() => this.#deliver(batch));
      return;
    }
    if (this.#pass(batch.through)) this.#moved();
    if (cursor.isCommitDue()) await cursor.commit();
    else if (input.isLive) await this.#rest();
  }

  /** Whether the journal could be read. */
  async #read(): Promise<boolean> {
    if (this.#activity.state.name !== 'waiting') this.#enter({ name: 'reading' });
    try {
      await this.input.read();
      this.#enter({ name: 'reading' });
      return true;
    } catch (error) {
      if (isJournalFailed(error)) throw error;
      const failure = `cannot read the journal: ${describeError(error)}`;
      this.#enter({ name: 'waiting', failure, isBusy: false });
      await pause(backoffDelay(this.#parts.retry, 3, error), this.#stopping.signal);
      return false;
    }
  }

  async #deliver(batch: Batch): Promise<void> {
    const { cursor, input } = this.#parts;
    await deliver(this.#delivery, batch);
    if (cursor.position < batch.through) input.readFrom(cursor.position);
  }

  /** A delivery, or a task between two of them. */
  async #occupied(work: () => Promise<void>): Promise<void> {
    this.#enter({ name: 'delivering' });
    await work();
    this.#enterFree();
    this.#moved();
  }

  /** Waits for news. */
  async #rest(): Promise<void> {
    if (this.#parts.tasks.size > 0 || this.#stopping.signal.aborted) return; // since this turn began
    this.#enter({ name: 'live' });
    await this.#news.wait();
  }

  /** Accounts for what is not for this lane. Whether there was anything. */
  #pass(through: number): boolean {
    if (through <= this.cursor.position) return false;
    this.cursor.account(through, 0, 0);
    return true;
  }

  #moved(): void {
    this.#movedAt = performance.now();
    this.#options.events.moved();
  }

  #enter(state: LaneState): void {
    this.#activity.enter(state, this.#parts.cursor.position);
  }

  /** Enters the state of a lane that works on nothing. */
  #enterFree(): void {
    this.#enter({ name: this.input.isLive && this.input.size === 0 ? 'live' : 'reading' });
  }

  #onRefused(failure: string | undefined): void {
    if (failure !== undefined) this.#enter({ name: 'waiting', failure, isBusy: this.isBusy() });
    else if (this.isBusy()) this.#enter({ name: 'delivering' });
    else this.#enterFree();
  }

  #onLost(count: number): void {
    this.#losses.log(
      'incidents are gone from the journal before this handler processed them: retention deleted them, or they were damaged',
      undefined,
      count,
    );
    this.#moved();
  }

  #onCrash(error: unknown): void {
    this.#parts.tasks.stop();
    if (this.#stopping.signal.aborted) return;
    if (isJournalFailed(error)) this.#options.events.journalFailed(error);
    const failure = describeError(error);
    this.#enter({ name: 'stopped', failure, isBusy: this.isBusy() });
    this.#parts.context.log.error('lane stopped: nothing is lost, but nothing more is delivered', {
      error: failure,
    });
  }
}
