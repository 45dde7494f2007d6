import type { MaybePromise } from '../contract/handler.ts';
import type { Incident, Value } from '../contract/incident.ts';
import type { DeadLetter, DeliveryCounts, Journal } from '../contract/journal.ts';
import type { Log } from '../contract/log.ts';
import type { Progress, Reject, Source } from '../contract/source.ts';
import type { DeclaredOrigins } from '../origins/create-origins.ts';
import type { HandlerEntry } from '../routing/handler-entry.ts';
import type { RetryPolicy } from '../timing/backoff.ts';
import type { CodeOwner } from './code/code-owner.ts';
import type { CallRecorder } from './code/handler-code.ts';
import type { UncaughtErrors } from './lane/state/uncaught-errors.ts';
import type { SensorClock } from './sensor-clocks.ts';

/** Options of {@link createDispatcher}. */
export interface DispatcherOptions {
  /** Stores incidents, cursors and dead letters. The dispatcher opens and closes it. */
  readonly journal: Journal;
  /** The handlers and their settings. Instances must have different names. */
  readonly handlers: readonly HandlerEntry[];
  /**
   * The origins that the installed packages declare. Incoming data of these origins that does not fit its schema is a misfit,
   * and their roles decide what `role:` selects. Of an origin that several declare, the first declaration counts.
   * @default only those of core
   */
  readonly origins?: readonly DeclaredOrigins[];
  /** The name of the sensor this host speaks for. */
  readonly sensor: string;
  /** The folder that holds the folder of each instance, `<dataDir>/<instance>`, created when its handler starts. */
  readonly dataDir: string;
  /** Returns the log of the host (without a name), or of an instance or a source. @default nothing is logged */
  readonly log?: (name?: string) => Log;
  /** Returns milliseconds since the Unix epoch. @default Date.now */
  readonly now?: () => number;
  /** The `fetch` of handlers. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch;
  /** How failed deliveries, starts and commits are retried. */
  readonly retry?: RetryPolicy;
  /**
   * The states of sources that another journal holds, such as that of `import` or of the live sources, by instance.
   * Called whenever a source asks for them. @default none
   */
  readonly otherStates?: () => MaybePromise<Readonly<Record<string, Value>>>;
  /** The most incidents in one batch. @default 1000 */
  readonly batch?: number;
  /**
   * Whether `start` rejects when a handler cannot use its file or server (`TARGET_UNREADABLE`), as a program needs that runs
   * once. @default its start is retried while the others run
   */
  readonly failFast?: boolean;
  /** Removes secrets from the reasons of failures before they are stored or reported. @default they stay as they are */
  readonly hide?: (text: string) => string;
  /**
   * Stores invalid input of a source. The source continues when the promise resolves; a rejection is passed to the source.
   * @default the input is counted and logged without its text
   */
  readonly onReject?: (source: string, reject: Reject) => void | Promise<void>;
  /** Called with each dead letter after the journal has stored it. An exception of it is logged. */
  readonly onDeadLetter?: (letter: DeadLetter) => void;
  /** Records which handler has which position. @default nothing is recorded */
  readonly recorder?: CallRecorder;
  /**
   * Called once when the journal can no longer store anything durably (`JOURNAL_FAILED`). From then on nothing is accepted
   * or delivered: end the process. A new one resumes from what is stored. What the callback throws is logged.
   */
  readonly onJournalFailed?: (error: unknown) => void;
}

/** A handler or source whose code runs, and the position of the first incident of its delivery; 0 outside deliveries. */
export type RunningCode = Pick<CodeOwner, 'instance' | 'position'>;

/** The status of an instance. */
export interface LaneStatus {
  readonly instance: string;
  /** The name of its handler. */
  readonly handler: string;
  /**
   * Its activity:
   * - `starting`: the handler has not started yet; with `failure`, the start is retried;
   * - `reading`: reads its backlog from the journal;
   * - `live`: has delivered everything and waits for new incidents;
   * - `delivering`: the handler handles a batch, or an operation such as a replay runs;
   * - `waiting`: retries after a temporary failure of the handler or of the journal, see `failure`;
   * - `paused`: its entry says so, see {@link HandlerEntry.paused}; `resume` starts it;
   * - `stopped`: delivers nothing any more; with `failure`, because of an error.
   */
  readonly state: 'starting' | 'reading' | 'live' | 'delivering' | 'waiting' | 'paused' | 'stopped';
  /** When the state began, in milliseconds since the Unix epoch. */
  readonly since: number;
  /** What became of everything up to `position`. */
  readonly counts: DeliveryCounts;
  /** How many of those delivered since the start the checkpoint of the handler covered: it had them already. */
  readonly known: number;
  /** The position up to which everything is in the counts. */
  readonly position: number;
  /** What the handler counts, see {@link Handler.counters}. */
  readonly counters: Readonly<Record<string, number>>;
  /** The backlog: how many incidents are accepted and not in the counts yet. */
  readonly pending: number;
  /** Why it does not start, waits or has stopped. Absent when nothing is wrong. */
  readonly failure?: string;
  /**
   * Since when it has failed without progress, in milliseconds since the Unix epoch: retries do not change it. Absent when
   * the handler starts and accepts incidents.
   */
  readonly failingSince?: number;
  /** Errors that the handler's code has not caught: rejected promises, exceptions in timers, and the like. Absent when there were none. */
  readonly uncaught?: UncaughtErrors;
}

/** What became of the input of a source. */
export interface SourceOutcome {
  /** Incidents that were reported and new. */
  readonly accepted: number;
  /** Incidents that were reported and known already. */
  readonly known: number;
  /**
   * Incidents that a source which compares has reported under ids up to one whose entry retention removed: they are not
   * stored, as if they were known. Absent when there were none.
   */
  readonly assumed?: number;
  /** Invalid input. */
  readonly rejected: number;
  /** Accepted incidents whose data does not fit the schema of their origin. */
  readonly misfits: number;
  /** Accepted incidents whose origin has no schema. */
  readonly unknown: number;
}

/** The status of the last run of a source. */
export interface SourceStatus extends SourceOutcome {
  readonly instance: string;
  /** The name of the source. */
  readonly source: string;
  /**
   * - `running`: runs;
   * - `waiting`: the journal does not accept incidents at the moment; retrying;
   * - `disconnected`: the run ended with a temporary error, such as a lost connection: run it again;
   * - `ended`: ended without an error;
   * - `failed`: the run ended with another error, or the source has told a problem.
   */
  readonly state: 'running' | 'waiting' | 'disconnected' | 'ended' | 'failed';
  /** When the state began, in milliseconds since the Unix epoch. */
  readonly since: number;
  /** When it last reported a new incident, in milliseconds since the Unix epoch on the clock of this host; absent if never. */
  readonly reportedAt?: number;
  /** The timestamp of the newest incident it reported, on the clock of the sensor; absent if there was none. */
  readonly newest?: number;
  /** The sensors whose clock is wrong, by what each reported last; absent if there are none. */
  readonly clocks?: readonly SensorClock[];
  /** Why it waits, is disconnected or has failed, or the problem it told. */
  readonly failure?: string;
  /** Incidents that the journal did not accept and whose sender cannot retry; absent when there are none. */
  readonly lost?: LostIncidents;
}

/** Incidents that a source has lost. */
export interface LostIncidents {
  readonly count: number;
  /** When the last of them was lost, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** Why. */
  readonly reason: string;
}

/** What became of dead letters that were retried. */
export interface RetryOutcome {
  /** Handled, and removed from the dead letters. */
  readonly delivered: number;
  /** Failed again, and still dead letters. */
  readonly dead: number;
}

/** Options of {@link Dispatcher.replay}. */
export interface ReplayOptions {
  /** The instance that gets the incidents again. */
  readonly instance: string;
  /**
   * The name of the replay: letters, digits, `.`, `_` and `-`. Its counts are stored under `<instance>@<name>`. An
   * interrupted replay resumes under the same name.
   */
  readonly name: string;
  /** Replays only incidents accepted at or after this time, in milliseconds since the Unix epoch. @default everything stored */
  readonly since?: number;
  /** Replays only origins that match one of these globs. @default all */
  readonly only?: readonly string[];
  /** Aborts the replay; its promise then rejects with the reason. */
  readonly signal?: AbortSignal;
  /** Called after each batch with the number of journal entries done, and of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Options of {@link Dispatcher.run}. */
export interface RunOptions {
  /** Ends the run. */
  readonly signal?: AbortSignal;
  /** Names this instance: the state that the source keeps belongs to this name. @default the source's name */
  readonly instance?: string;
  /** Called when the source reports its progress. */
  readonly onProgress?: (progress: Progress & SourceOutcome) => void;
  /**
   * Rejects the run with `STALLED` when the journal accepts nothing, because no handler has made progress for this many
   * milliseconds. @default waits without a limit
   */
  readonly stalledAfter?: number;
}

/**
 * Accepts incidents into a journal and delivers them to handlers, each in its own lane: in order, at least once, and
 * accounted for (`accepted = delivered + filtered + dead + dropped + lost + pending`). A slow or failing handler does not
 * delay the others.
 *
 * The dispatcher uses a handler only between a successful `start` and `close`: listeners, `write`, `checkpoint` and `forget`
 * one at a time, `reopen` also while one of them runs. Only `counters` may be called at any time. So handlers need no code
 * against use before `start` or after `close`.
 *
 * Before the journal is open and after `close`, reports and operations reject with `LIFE_CYCLE`; after a failure of the
 * journal they reject with its error. Operations on an unknown instance reject with `HANDLER_INVALID`.
 */
export interface Dispatcher extends AsyncDisposable {
  /**
   * Opens the journal and starts every handler. Resolves when each start has succeeded or failed once; failed ones are
   * retried in the background. When a start fails with an IhandlerError, which retries cannot fix, closes everything and
   * rejects with it, or with an AggregateError of several. May be called once.
   */
  start(): Promise<void>;
  /** Whether the journal is open and incidents are accepted. */
  isOpen(): boolean;
  /**
   * Accepts incidents as a source does: ordinals rise within a stream, known ids are ignored. Takes the array over.
   * Resolves when they are as durable as the journal. Rejects with a temporary error, such as `JOURNAL_FULL`, when the
   * journal does not accept them at the moment.
   */
  report(batch: readonly Incident[]): Promise<void>;
  /**
   * Runs a source until it ends, `signal` aborts or the dispatcher closes, and resolves with its counts. Rejects with
   * the error of the source. The caller decides whether to run it again.
   */
  run(source: Source, options?: RunOptions): Promise<SourceOutcome>;
  /**
   * Resolves when every lane has handled everything accepted, or those that have not made no progress for `stalledAfter`
   * milliseconds (default 60000), or `signal` aborts. Returns the status of the lanes that are not done.
   */
  drain(options?: {
    readonly stalledAfter?: number;
    readonly signal?: AbortSignal;
  }): Promise<readonly LaneStatus[]>;
  /** The status of every instance, in the order of the entries. Cheap. */
  status(): readonly LaneStatus[];
  /** The last run of every source, in the order of their first runs. */
  sources(): readonly SourceStatus[];
  /**
   * Retries dead letters of an instance, or of a replay (`<instance>@<name>`), oldest first, between deliveries: all of
   * them, or those at these positions. A temporary failure rejects; the letters not tried by then stay.
   */
  retryDeadLetters(instance: string, positions?: readonly number[]): Promise<RetryOutcome>;
  /** Drops dead letters for good: all of an instance or a replay, or those at these positions. Returns how many. */
  dropDeadLetters(instance: string, positions?: readonly number[]): Promise<number>;
  /**
   * Delivers to an instance again what the journal still holds and the instance has passed, between its other deliveries.
   * What the handler's checkpoint covers is not stored twice; a handler without one gets everything again. Resolves with
   * the counts of the replay; `known` of those delivered were covered, which a resumed replay does not know. Rejects with `LIFE_CYCLE` while another replay to the instance runs.
   */
  replay(options: ReplayOptions): Promise<DeliveryCounts & { readonly known?: number }>;
  /**
   * Makes the journal, its dead letters and every started handler forget incidents whose remote host is in one of these
   * networks, given as addresses or in CIDR notation. Returns what each did, by instance and under `journal`, for people.
   */
  forget(networks: readonly string[]): Promise<Readonly<Record<string, string>>>;
  /** Starts a paused handler. Rejects with `HANDLER_INVALID` for an unknown instance. */
  resume(instance: string): Promise<void>;
  /** Whose code runs at the moment: a handler's, a source's, or with undefined neither's. */
  running(): RunningCode | undefined;
  /**
   * Attributes an error that nothing has caught to the handler or source whose code runs, or that its stack names. The
   * error counts as a failure of it. Returns the instance; undefined when the error is not one of theirs: end the process.
   */
  uncaught(error: unknown): string | undefined;
  /** Asks every started handler to reopen its files. Rejects when one of them does. */
  reopen(): Promise<void>;
  /**
   * Stops the sources and, after the running deliveries, the lanes; then closes the handlers in reverse order and the
   * journal. A delivery, or the `close` of a handler, that has not settled after `within` milliseconds (default 8000) is
   * abandoned. May be called again, and returns the same promise.
   */
  close(options?: { readonly within?: number }): Promise<void>;
}
