import { CONTRACT, type MaybePromise } from './handler.ts';
import type { Incident, Value } from './incident.ts';
import type { Log } from './log.ts';
import type { OriginsFile } from './meaning/origins.ts';

/** Input that a source cannot read as an incident. The host counts it and writes it to a rejects file or to the log. */
export interface Reject {
  /** The input: a path, `-` for standard input, or the name of a port. */
  readonly file: string;
  /** Its start, in bytes of the uncompressed text, or a row id. */
  readonly offset: number;
  /** Its length in bytes. */
  readonly length: number;
  /** The expected and the actual input. */
  readonly reason: string;
  /** The input itself; absent when it is too large to store. */
  readonly text?: string | Uint8Array;
}

/** The progress of a source, in a unit of its own such as bytes or rows. */
export interface Progress {
  /** The amount that has been read. */
  readonly done: number;
  /** The whole amount; absent while it is unknown. */
  readonly total?: number;
}

/** Options of {@link SourceContext.report}. */
export interface SourceReportOptions {
  /**
   * Milliseconds after which `report` rejects with a temporary error when the batch is not durable yet. It also rejects at
   * once when the journal does not accept incidents. The batch may become durable all the same. @default waits and retries
   * for as long as the journal does not accept incidents
   */
  readonly within?: number;
  /**
   * The sender cannot retry: when the journal does not accept the batch, it is lost, counted as such in the status of the
   * source and unhealthy. Only with `within`. @default the source reports the batch again, or its sender does
   */
  readonly isLastChance?: boolean;
  /** The state from which the source resumes after a restart. Stored in the same transaction; `context.state()` returns it. */
  readonly state?: Value;
  /**
   * Compares incidents with what the journal has, for senders that choose ids. Called before `report` resolves, for each
   * incident that is not stored and differs from the entry with its id; with `rising` also for each whose ordinal is lower
   * than one of its stream, and with `barred` for each that is new. They do not count as known; reject them.
   * @default every incident with a known id is a duplicate
   */
  readonly onConflict?: (conflict: SourceConflict) => void;
  /** Only with `onConflict`: skip new incidents whose ordinals fall within their stream. @default false */
  readonly rising?: boolean;
  /** Only with `onConflict`: skip these incidents unless they are known. @default none */
  readonly barred?: ReadonlySet<Incident>;
}

/** An incident that a report did not store although it is not a duplicate. */
export interface SourceConflict {
  readonly incident: Incident;
  /** `different`: another incident has its id. `behind`, `barred`: see {@link SourceReportOptions}. */
  readonly why: 'different' | 'behind' | 'barred';
}

/** What the host provides to a source while it runs. */
export interface SourceContext {
  /** The name of this instance: `as:` in the configuration, or the name of the source. */
  readonly instance: string;
  /** The name of the sensor, for input that does not name one. */
  readonly sensor: string;
  /** Aborts when the source is to stop. Pass it to timers and requests. */
  readonly signal: AbortSignal;
  /** The log of this instance. */
  readonly log: Log;
  /** The current time in milliseconds since the Unix epoch. Tests replace it. */
  now(): number;
  /**
   * Reports incidents made by {@link createIncident}. Within a stream their ordinals must rise. Resolves when the journal has
   * stored them; acknowledge upstream only then. Many reports share one fsync. With the in-memory journal it also waits while
   * the slowest handler is far behind. Incidents whose ids the journal knows are ignored. Takes ownership of the batch.
   *
   * Rejects with a temporary error (with `within`, or when `signal` aborts while the journal does not accept incidents) and
   * with `JOURNAL_FAILED` when the journal can no longer store anything durably.
   */
  report(batch: readonly Incident[], options?: SourceReportOptions): Promise<void>;
  /** The `state` of the last report that had one, also of an earlier run; undefined when there was none. */
  state(): MaybePromise<Value | undefined>;
  /**
   * The states of other sources in this data folder: of the live ones while `import` runs, of those that `import` ran while
   * live ones run. They may be of any source; use them to recognise an input that another source has read. Hosts of an
   * earlier version lack it.
   */
  otherStates?(): MaybePromise<readonly Value[]>;
  /**
   * The ordinal of a stream up to which every handler has all incidents: continue after it. Undefined: read from the start.
   */
  resumeAfter(stream: string): MaybePromise<number | undefined>;
  /**
   * Whether every handler that keeps a checkpoint has a stream up to an ordinal. Hosts of an earlier version lack it.
   */
  handlersHave?(stream: string, ordinal: number): MaybePromise<boolean>;
  /** The newest incident of a stream in the journal, if it still has it. Hosts of an earlier version lack it. */
  newestOf?(stream: string): MaybePromise<Incident | undefined>;
  /** Rejects invalid input. Resolves when it has been counted and written. */
  reject(reject: Reject): Promise<void>;
  /** Reports the progress. May be called at any rate. */
  progress(progress: Progress): void;
  /**
   * Says why the source cannot bring incidents although it runs, what was found and what to do: its status is `failed` until
   * it says undefined. Use it for a state that another run would not change. Hosts of an earlier version lack it.
   */
  problem?(reason: string | undefined): void;
}

/** Brings incidents in from outside: from a file, a port or a message server. */
export interface Source {
  /** {@link CONTRACT}; `defineSource` sets it. */
  readonly contract: typeof CONTRACT;
  /** Kebab case, such as `acme-http`. */
  readonly name: string;
  /**
   * What it declares about the origins of its incidents, beside what the `origins.json` of its package does: for a source whose
   * options decide that.
   */
  readonly origins?: OriginsFile;
  /**
   * Reads until the end of a file, or until `context.signal` aborts. When it throws a temporary error (see
   * {@link failureKind}), such as a network error, the host shows the source as `disconnected` and runs it again with
   * increasing delays; on any other error it shows it as `failed`. A source needs no loop of its own to reconnect.
   * The host runs the same object again, never twice at once, so that a source can keep a cache between runs.
   */
  run(context: SourceContext): Promise<void>;
  /**
   * Looks for what will keep it, or the handlers of its incidents, from working. Changes nothing and does not run the source.
   * `check` and `doctor` show the findings, each with a fix.
   */
  check?(): MaybePromise<readonly { readonly found: string; readonly advice: string }[]>;
}

/** Defines a source: adds the contract version. */
export function defineSource(definition: Omit<Source, 'contract'>): Source {
  return { contract: CONTRACT, ...definition };
}

/** The options that `import` passes to the factory of a source that reads files. */
export interface FileSourceOptions {
  /** An absolute path, or `-` for standard input. */
  readonly file: string;
  /** The name of the sensor, for input that does not name one. */
  readonly sensor?: string;
}

/** The module of a source whose manifest has `reads`. */
export interface FileSourceModule {
  default(options: FileSourceOptions): Source;
  /** Whether the source can read a file, from its first 64 KiB (uncompressed when the file is gzipped) and its path. */
  recognises(head: Uint8Array, path: string): boolean;
  /** For a file that no source recognises: which format it has, and what to use in its place, if this source knows it. */
  explain?(head: Uint8Array, path: string): string | undefined;
}
