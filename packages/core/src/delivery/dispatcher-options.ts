import type { Incident } from '../contract/incident.ts';
import type { DeadLetter, DeliveryCounts, Journal } from '../contract/journal.ts';
import type { Log } from '../contract/log.ts';
import type { Progress, Reject, Source } from '../contract/source.ts';
import type { HandlerEntry } from '../routing/handler-entry.ts';
import type { RetryPolicy } from '../timing/retry.ts';

/** What a dispatcher is made of. */
export interface DispatcherOptions {
  readonly journal: Journal;
  readonly handlers: readonly HandlerEntry[];
  readonly sensor: string;
  /** Where instances get their folders, `<dataDir>/<instance>`: made when a handler starts. */
  readonly dataDir: string;
  /** A log for the host (no argument) and for each instance or source, by name. @default silent */
  readonly log?: (name?: string) => Log;
  readonly now?: () => number;
  readonly fetch?: typeof globalThis.fetch;
  readonly retry?: RetryPolicy;
  /** The most incidents that a handler gets at once. @default 1000 */
  readonly batch?: number;
  /** Keeps what is no incident; a source goes on when the promise resolves. @default it is counted and logged */
  readonly onReject?: (source: string, reject: Reject) => void | Promise<void>;
  /** Told of each dead letter once the journal has it. */
  readonly onDeadLetter?: (letter: DeadLetter) => void;
  /** Told, once, that the journal can promise nothing any more (`JOURNAL_FAILED`): nothing is accepted, end the process. */
  readonly onJournalFailed?: (error: unknown) => void;
}

/** Where an instance is. */
export interface LaneStatus {
  readonly instance: string;
  readonly handler: string;
  readonly state: 'starting' | 'reading' | 'live' | 'delivering' | 'waiting' | 'stopped';
  /** When the state began, in milliseconds since the Unix epoch. */
  readonly since: number;
  readonly counts: DeliveryCounts;
  /** The position up to which everything is in the counts. */
  readonly position: number;
  /** What the handler counts of itself. */
  readonly counters: Readonly<Record<string, number>>;
  /** Accepted and not in the counts yet. */
  readonly pending: number;
  /** The last failure, while it lasts. */
  readonly failure?: string;
}

/** What became of a source. */
export interface SourceOutcome {
  /** Incidents reported that were new. */
  readonly accepted: number;
  /** Incidents reported that were known already. */
  readonly known: number;
  readonly rejected: number;
  /** Accepted ones whose data does not fit their origin's schema. */
  readonly misfits: number;
  /** Accepted ones whose origin has no schema. */
  readonly unknown: number;
}

/** A source that was run. */
export interface SourceStatus extends SourceOutcome {
  readonly instance: string;
  readonly source: string;
  /** `waiting`: the journal takes nothing at the moment. `away`: it is cut off from where it listens, and tries again. */
  readonly state: 'running' | 'waiting' | 'disconnected' | 'ended' | 'failed';
  /** When the state began, in milliseconds since the Unix epoch. */
  readonly since: number;
  /** When it last reported something, on our clock; undefined when it never has. */
  readonly reportedAt?: number;
  /** The timestamp of the newest incident it reported: the sensor's clock. */
  readonly newest?: number;
  /** Why it waits, is away or has failed. */
  readonly failure?: string;
}

/** What became of dead letters that were tried again. */
export interface RetryOutcome {
  readonly delivered: number;
  /** Still dead. */
  readonly dead: number;
}

/** What is to be replayed. */
export interface ReplayOptions {
  readonly instance: string;
  /** Names the replay: its counts are kept under `<instance>@<name>`, and one that was cut off goes on under the same name. */
  readonly name: string;
  /** Only what was accepted at or after this time, in milliseconds since the Unix epoch. */
  readonly since?: number;
  /** Only origins that one of these globs matches. @default all */
  readonly only?: readonly string[];
  readonly signal?: AbortSignal;
  /** How many of the entries are behind it, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** How to run a source. */
export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Names this instance: keys what it keeps with `state`. @default the source's name */
  readonly instance?: string;
  readonly onProgress?: (progress: Progress & SourceOutcome) => void;
  /**
   * Rejects the run with `STALLED` when the journal takes nothing because no handler has moved on for so many
   * milliseconds. @default it waits for ever
   */
  readonly stalledAfter?: number;
}

/** Reads the journal for each handler, delivers, and keeps the counts. */
export interface Dispatcher extends AsyncDisposable {
  /**
   * Opens the journal and starts every handler in its lane. Resolves when each start has succeeded or failed once; rejects
   * when one fails with an IhandlerError, which only the user can put right, after closing the others.
   */
  start(): Promise<void>;
  /** Whether it has opened its journal and accepts incidents. */
  isOpen(): boolean;
  /** Accepts incidents as a source does; resolves when they are as durable as the journal. */
  report(batch: readonly Incident[]): Promise<void>;
  /** Runs a source until it ends or `signal` aborts. */
  run(source: Source, options?: RunOptions): Promise<SourceOutcome>;
  /**
   * Resolves when every lane has handled all that was accepted, or has made no progress for `stalledAfter`
   * milliseconds (default 60000); returns the status of those that have not.
   */
  drain(options?: {
    readonly stalledAfter?: number;
    readonly signal?: AbortSignal;
  }): Promise<readonly LaneStatus[]>;
  /** Every instance, in the order of the entries. */
  status(): readonly LaneStatus[];
  /** Every source that was run, in the order in which they began; one that is run again has its last run. */
  sources(): readonly SourceStatus[];
  /**
   * Tries dead letters again, oldest first, between deliveries; all of them, or those at these positions. A passing failure
   * rejects, and what was not tried stays.
   */
  retryDeadLetters(instance: string, positions?: readonly number[]): Promise<RetryOutcome>;
  /** Drops dead letters for good; answers how many. */
  dropDeadLetters(instance: string, positions?: readonly number[]): Promise<number>;
  /**
   * Delivers what the journal still has to an instance again, between its other deliveries, with counts of its own. What the
   * handler's checkpoint covers is not stored twice; a handler without one gets it again. Resolves when it is through.
   */
  replay(options: ReplayOptions): Promise<DeliveryCounts>;
  /** Lets every started handler, the journal and its dead letters forget these networks; answers what each did, by instance. */
  forget(networks: readonly string[]): Promise<Readonly<Record<string, string>>>;
  /** Asks every handler to reopen its files. */
  reopen(): Promise<void>;
  /**
   * Ends sources, and deliveries after the running ones, closes handlers in reverse order, then the journal. A delivery,
   * or a handler's `close`, that has not settled after `within` milliseconds (default 8000) is left alone. Safe to call
   * twice.
   */
  close(options?: { readonly within?: number }): Promise<void>;
}
