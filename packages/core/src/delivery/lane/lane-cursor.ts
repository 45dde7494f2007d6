import { describeError, isJournalFailed } from '../../contract/error.ts';
import type { MaybePromise } from '../../contract/handler.ts';
import type { Incident } from '../../contract/incident.ts';
import type {
  Cursor,
  DeadLetter,
  DeliveryCounts,
  Journal,
  JournalRun,
  JournalStep,
} from '../../contract/journal.ts';
import { backoffDelay, pause, type RetryPolicy } from '../../timing/backoff.ts';
import { account, lose, newCursor, resolve } from './cursor-changes.ts';
import type { StateChange } from './handler-state.ts';
import type { LaneEvents } from './lane-events.ts';

/** How far a lane may run ahead of its durable cursor with incidents that are not for it. */
export const COMMIT_AFTER = 1000;

/** What a cursor works with. */
export interface LaneCursorOptions {
  readonly journal: Journal;
  /** The name of the handler's state in the journal. */
  readonly stateName: string;
  readonly retry: Required<RetryPolicy>;
  /** Aborts when the lane stops: a commit is not retried any more. */
  readonly signal: AbortSignal;
  readonly events: Pick<LaneEvents, 'appended' | 'deadLetter' | 'moved' | 'journalFailed'>;
  /** Called when a commit begins: the lane has made progress. */
  onCommit(): void;
  /** Called with a failure when the journal refuses a commit that is retried, and without one when it has accepted it. */
  onRefused(failure: string | undefined): void;
}

/**
 * The cursor of an instance, or of a replay to it: how far it is, its counts, and the rows to store together with them.
 * Changes are made in memory; `commit` makes them durable.
 */
export class LaneCursor {
  readonly instance: string;
  readonly #options: LaneCursorOptions;
  #cursor = newCursor(0);
  #committed = 0;
  #reports: readonly Incident[] = [];
  #deadLetters: readonly DeadLetter[] = [];
  #settled: readonly number[] = [];
  #state: StateChange | undefined;
  #running: Promise<unknown> | undefined;
  #known = 0;

  /** Begins at position 0, with empty counts: call `load` first. */
  constructor(instance: string, options: LaneCursorOptions) {
    this.instance = instance;
    this.#options = options;
  }

  /** A cursor of its own for a replay to this instance, in the same journal. */
  forReplay(name: string): LaneCursor {
    return new LaneCursor(`${this.instance}@${name}`, this.#options);
  }

  /** The position up to which everything is in the counts. */
  get position(): number {
    return this.#cursor.position;
  }

  get counts(): DeliveryCounts {
    return this.#cursor.counts;
  }

  /** How far it is, and how many of those delivered since the start the handler had already. */
  progress(): { readonly counts: DeliveryCounts; readonly position: number; readonly known: number } {
    return { counts: this.counts, position: this.position, known: this.#known };
  }

  /** The checkpoint that the handler had stored with the last acknowledged write. */
  get written(): Cursor['written'] {
    return this.#cursor.written;
  }

  /** Loads the cursor, or begins one after a position; true when it is new, and so not durable yet. */
  async load(from: number): Promise<boolean> {
    const stored = await this.#options.journal.cursor(this.instance);
    this.#cursor = stored ?? newCursor(from);
    this.#committed = this.#cursor.position;
    return stored === undefined;
  }

  /** Begins again at the first position, with empty counts: the handler has lost its stored data. */
  restart(): void {
    this.#cursor = newCursor(this.#cursor.first);
    this.#committed = this.#cursor.position;
  }

  /** Accounts for everything up to `position`: `delivered` (`known` before) and `dead` of it; the rest is filtered. */
  account(position: number, delivered: number, dead: number, known = 0): void {
    this.#known += known;
    this.#cursor = account(this.#cursor, position, delivered, dead);
  }

  /** Accounts for everything up to `position` as deleted by retention. Returns how many. */
  lose(position: number): number {
    const lost = position - this.#cursor.position;
    this.#cursor = lose(this.#cursor, position);
    return lost;
  }

  /** Moves dead letters to another count, and removes them from the journal with the next commit. */
  resolve(positions: readonly number[], as: 'delivered' | 'filtered' | 'dropped'): void {
    this.#cursor = resolve(this.#cursor, positions.length, as);
    this.#settled = [...this.#settled, ...positions];
  }

  /** Notes the checkpoint that a write has stored. */
  wrote(written: Cursor['written']): void {
    this.#cursor = { ...this.#cursor, written };
  }

  /** Stores the state of the handler, if it was set, with the next commit. */
  keep(state: StateChange | undefined): void {
    this.#state = state ?? this.#state;
  }

  /** Adds reports and dead letters to the next commit; they stay until one succeeds. */
  owe(reports: readonly Incident[], deadLetters: readonly DeadLetter[]): void {
    if (reports.length > 0) this.#reports = [...this.#reports, ...reports];
    if (deadLetters.length > 0) this.#deadLetters = [...this.#deadLetters, ...deadLetters];
  }

  /** The position up to which the counts are as durable as the journal: entries up to it are not needed any more. */
  committed(): number {
    return this.#options.journal.durable || this.#isOwed() ? this.#committed : this.#cursor.position;
  }

  /** Whether anything would be lost with the process. */
  isOwing(): boolean {
    return this.#cursor.position > this.#committed || this.#isOwed();
  }

  /** Whether so much has passed since the last commit that the journal needs to know. */
  isCommitDue(): boolean {
    return this.#options.journal.durable && this.#cursor.position - this.#committed >= COMMIT_AFTER;
  }

  #isOwed(): boolean {
    return (
      this.#state !== undefined || this.#reports.length + this.#deadLetters.length + this.#settled.length > 0
    );
  }

  /**
   * Makes the cursor durable, with everything owed. Tries until the journal accepts; throws when the lane has stopped, or
   * the journal has failed. Waits for nothing when the journal answers at once.
   */
  commit(): MaybePromise<void> {
    this.#options.onCommit();
    try {
      const committing = this.commitOnce();
      return committing instanceof Promise
        ? committing.catch((error: unknown) => this.#commitAgain(error))
        : committing;
    } catch (error) {
      return this.#commitAgain(error);
    }
  }

  /** Appends an incident that the handler reports outside deliveries, even with a backlog. One try. */
  async append(report: Incident): Promise<void> {
    this.owe([report], []);
    await this.commitOnce();
  }

  /** Makes durable what would be lost with the process. One try. */
  async settle(): Promise<void> {
    if (this.isOwing()) await this.commitOnce();
  }

  async #commitAgain(error: unknown): Promise<void> {
    const { signal, retry, onRefused } = this.#options;
    let problem = error;
    for (let failures = 0; ; failures += 1) {
      if (signal.aborted || isJournalFailed(problem)) throw problem;
      onRefused(`cannot store the acknowledgement in the journal: ${describeError(problem)}`);
      await pause(backoffDelay(retry, failures, problem), signal);
      try {
        await this.commitOnce();
        onRefused(undefined);
        return;
      } catch (next) {
        problem = next;
      }
    }
  }

  /** Like `commit`, with one try. Commits run one after the other. */
  commitOnce(): MaybePromise<void> {
    if (this.#running !== undefined) return this.#commitAfter(this.#running);
    const state = this.#state;
    const step = this.#step(state);
    let committing: MaybePromise<JournalRun>;
    try {
      committing = this.#options.journal.commit(step);
    } catch (error) {
      return this.#failed(error);
    }
    if (!(committing instanceof Promise)) return this.#stored(step, state, committing);
    const stored = committing.then(
      (run) => this.#stored(step, state, run),
      (error: unknown) => this.#failed(error),
    );
    this.#running = stored;
    const ended = () => {
      this.#running = undefined;
    };
    stored.then(ended, ended);
    return stored;
  }

  async #commitAfter(earlier: Promise<unknown>): Promise<void> {
    for (let before: Promise<unknown> | undefined = earlier; before !== undefined; before = this.#running)
      await before.catch(() => undefined); // reported to the caller of that commit
    return this.commitOnce();
  }

  #step(state: StateChange | undefined): JournalStep {
    return {
      instance: this.instance,
      cursor: this.#cursor,
      reports: this.#reports,
      deadLetters: this.#deadLetters,
      settled: this.#settled,
      ...(state !== undefined && { mark: { source: this.#options.stateName, state: state.value } }),
    };
  }

  #stored(step: JournalStep, state: StateChange | undefined, run: JournalRun): void {
    if (this.#state === state) this.#state = undefined;
    const { events } = this.#options;
    this.#committed = step.cursor.position;
    this.#reports = this.#reports.slice(step.reports.length);
    this.#deadLetters = this.#deadLetters.slice(step.deadLetters.length);
    this.#settled = this.#settled.slice(step.settled?.length);
    if (run.incidents.length > 0) events.appended(run);
    for (const letter of step.deadLetters) events.deadLetter(letter);
    events.moved();
  }

  #failed(error: unknown): never {
    if (isJournalFailed(error)) this.#options.events.journalFailed(error);
    throw error;
  }
}
