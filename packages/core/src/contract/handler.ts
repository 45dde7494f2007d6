import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Checkpoint } from './checkpoint.ts';
import type { Incident, IncidentMap, IncidentOf, Origin, UntypedData } from './incident.ts';
import type { Log } from './log.ts';

/** The version of the contract between handlers, sources and the dispatcher. Not the version of this package. */
export const CONTRACT = 1;

/** A value, or a promise of it: a handler without input or output needs no ceremony. */
export type MaybePromise<T> = T | Promise<T>;

/** Any validation library's schema, zod's among them (https://standardschema.dev). */
export type Schema = StandardSchemaV1;

/** What a report says of itself. */
export interface ReportOptions {
  /**
   * The incident because of which this one is reported. In a listener it is the one being handled; in `write` it must be
   * told, and be one of the batch, so that a redelivery in other batches reports the same ids.
   */
  readonly cause?: Pick<Incident, 'id' | 'sensor'>;
  /**
   * Outside deliveries only: the place of this report among those that the handler keeps until they have resolved (an
   * outbox). A repetition after a crash then has the same id, and is known. `stream` names the outbox, by chance and for
   * good; `ordinal` rises in it and is never used again.
   */
  readonly place?: { readonly stream: string; readonly ordinal: number };
}

/** What the dispatcher lends to a handler from `start` to `close`. */
export interface HandlerContext {
  /** This instance's name: the handler's, or what the configuration's `as:` says. */
  readonly instance: string;
  /** The name of the sensor this host speaks for. */
  readonly sensor: string;
  /** A folder of this instance's own, absolute, existing. */
  readonly dataDir: string;
  /** Whether the incidents survive a crash of this host elsewhere (a durable journal, or a file that can be read again). */
  readonly durable: boolean;
  /** Aborts when the handler is to close: give it to timers and requests. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Milliseconds since the Unix epoch. */
  now(): number;
  readonly fetch: typeof globalThis.fetch;
  /**
   * Reports a further incident, which never reaches the handler that reports it. Origins must be declared in `reports`.
   * The context of a delivery (the second argument of a listener, the third of `write`) only collects: what it collected
   * is kept together with the acknowledgement, and forgotten if the delivery fails. The context given to `start` is for
   * all other times: its promise resolves when the incident is as durable as the journal.
   */
  report<O extends Origin>(origin: O, data: IncidentMap[O], options?: ReportOptions): Promise<void>;
  report(origin: string, data: UntypedData, options?: ReportOptions): Promise<void>;
}

/** Handles one incident. When it returns, or its promise resolves, the incident has been handled. */
export type Listener<I = Incident> = (incident: I, context: HandlerContext) => MaybePromise<void>;

/** What every handler has. */
export interface HandlerBase {
  readonly contract: typeof CONTRACT;
  /** Kebab case, the package's name without scope: `log-sqlite`. */
  readonly name: string;
  /** The origins it reports, each with its schema. */
  readonly reports?: Readonly<Record<string, Schema>>;
  /** Opens files and connections. A failure is tried again while other handlers run. May be called again after `close`. */
  start?(context: HandlerContext): MaybePromise<void>;
  /** Flushes and releases everything. Called once a start, after the last delivery has settled. */
  close?(): MaybePromise<void>;
  /** Reopens files that others may have renamed (SIGHUP). */
  reopen?(): MaybePromise<void>;
  /**
   * Removes what it keeps of attacks that one of these remote hosts took part in; answers what it did, for people, such
   * as `removed 3 attacks`. Called between deliveries. Absent: it keeps nothing, or what it wrote is not its to change.
   */
  forget?(isForgotten: (host: string) => boolean): MaybePromise<string>;
  /** What it counts of itself beside its counts, by name in snake case: shown by `status` and as metrics. Cheap. */
  counters?(): Readonly<Record<string, number>>;
}

/**
 * A handler that takes one incident at a time, in order. Every listener whose glob matches is called, in written order;
 * they succeed or fail as one delivery. A failure is tried again (see {@link failureKind}), then the incident goes to the
 * dead letters and the next one comes.
 */
export interface ListeningHandler extends HandlerBase {
  readonly on: Readonly<Record<string, Listener>>;
}

/**
 * A handler that takes many at once, all or nothing: rows and checkpoint in one transaction, or one request. A failed
 * batch is tried again, then one by one.
 */
export interface WritingHandler extends HandlerBase {
  /** Globs over origins. */
  readonly accepts: readonly string[];
  /**
   * Takes a batch, in order. `checkpoint` says how far of each stream this batch goes: store it with the rows.
   * A handler that also declares `reports` may be given incidents again that its checkpoint covers, in a batch of their
   * own after a crash, so that it reports again (same ids, taken once); it must not store them again.
   */
  write(batch: readonly Incident[], checkpoint: Checkpoint, context: HandlerContext): MaybePromise<void>;
  /** What it has stored, of every stream. Asked after `start` and after each failed write: what it covers is not delivered again. */
  checkpoint?(): MaybePromise<Checkpoint>;
}

/** Acts on the incidents whose origin matches its globs. */
export type Handler = ListeningHandler | WritingHandler;

/** A glob that can match something: never for a typo under a root that the catalogue knows. */
type ValidGlob<P extends string> = P extends string ? ([IncidentOf<P>] extends [never] ? never : P) : never;

/** What {@link defineHandler} takes for a listening handler. */
export type ListeningDefinition<P extends string> = Omit<ListeningHandler, 'contract' | 'on'> & {
  readonly on: { readonly [G in P]: [ValidGlob<G>] extends [never] ? never : Listener<IncidentOf<G>> };
};

/** What {@link defineHandler} takes for a writing handler. */
export type WritingDefinition<P extends string> = Omit<WritingHandler, 'contract' | 'accepts' | 'write'> & {
  readonly accepts: readonly (P & ValidGlob<P>)[];
  write(batch: readonly IncidentOf<P>[], checkpoint: Checkpoint, context: HandlerContext): MaybePromise<void>;
};

/** Checks each listener against its own glob and stamps the contract version. */
export function defineHandler<const P extends string>(definition: ListeningDefinition<P>): ListeningHandler;
export function defineHandler<const P extends string>(definition: WritingDefinition<P>): WritingHandler;
export function defineHandler(definition: object): Handler {
  // Safe: the dispatcher calls a listener only with incidents that its glob matched and whose data fits.
  return { contract: CONTRACT, ...definition } as Handler;
}

/** Whether a handler takes batches. */
export function isWriting(handler: Handler): handler is WritingHandler {
  return 'write' in handler;
}
