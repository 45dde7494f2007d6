import { CONTRACT, type MaybePromise } from './handler.ts';
import type { Incident, Value } from './incident.ts';
import type { Log } from './log.ts';

/** Something a source read that is no incident. It is counted, and kept or located, never silently dropped. */
export interface Reject {
  /** Where it was: a path, or `-` for standard input, or a port's name. */
  readonly file: string;
  /** Where it starts, in bytes of the uncompressed text; or a row id. */
  readonly offset: number;
  /** Its length in bytes. */
  readonly length: number;
  /** What was expected and what was found. */
  readonly reason: string;
  /** What it was, unless it is too large to keep. */
  readonly text?: string | Uint8Array;
}

/** How far a source is, in a unit of its own (bytes, rows). */
export interface Progress {
  readonly done: number;
  /** Absent when the end is not known. */
  readonly total?: number;
}

/** How {@link SourceContext.report} is to be done. */
export interface SourceReportOptions {
  /**
   * Rejects with a passing error (see `temporary`) when it is not durable after so many milliseconds, or when the journal
   * refuses; it may become durable all the same. @default waits, and tries again, for as long as the journal takes nothing
   */
  readonly within?: number;
  /** What the source needs to go on after a restart, kept in the same transaction: `context.state()` gives it back. */
  readonly state?: Value;
}

/** What the host lends to a source while it runs. */
export interface SourceContext {
  /** This instance's name: the source's, or what the configuration's `as:` says. */
  readonly instance: string;
  /** The name of the sensor, for incidents that do not say. */
  readonly sensor: string;
  readonly signal: AbortSignal;
  readonly log: Log;
  now(): number;
  /**
   * Hands over incidents of rising ordinals, made with {@link createIncident}. Resolves when they are as durable as the
   * journal (group commit: many reports share one fsync): only then acknowledge upstream. With the in-memory journal it
   * waits while the slowest handler is far behind. Incidents that are known already are ignored.
   */
  report(batch: readonly Incident[], options?: SourceReportOptions): Promise<void>;
  /** What was kept with the last report that had a `state`, also in an earlier run. Undefined: nothing. */
  state(): MaybePromise<Value | undefined>;
  /** The ordinal of a stream after which to read on: what all who need it have already. Undefined: from the start. */
  resumeAfter(stream: string): MaybePromise<number | undefined>;
  /** Tells of something that is no incident. Resolves when it is kept. */
  reject(reject: Reject): Promise<void>;
  /** Tells how far it is; as often as it likes. */
  progress(progress: Progress): void;
  /** Tells, for people, why it is cut off from where it listens, while it tries again; undefined: it is there. Not every host asks. */
  disconnected?(reason: string | undefined): void;
}

/** Brings incidents in from outside: a file, a port, a message server. */
export interface Source {
  readonly contract: typeof CONTRACT;
  readonly name: string;
  /** A file: until its end; a port: until `context.signal` aborts. What it throws ends the source and is told to the user. */
  run(context: SourceContext): Promise<void>;
}

/** Stamps the contract version. */
export function defineSource(definition: Omit<Source, 'contract'>): Source {
  return { contract: CONTRACT, ...definition };
}

/** What `import` gives to the factory of a source that reads files. */
export interface FileSourceOptions {
  /** An absolute path, or `-` for standard input. */
  readonly file: string;
  readonly sensor?: string;
}

/** The module of a source whose manifest says `reads`. */
export interface FileSourceModule {
  default(options: FileSourceOptions): Source;
  /** Whether the source can read a file, from its first 64 KiB (uncompressed when the file is gzipped) and its path. */
  recognises(head: Uint8Array, path: string): boolean;
}
