import type { Checkpoint } from './checkpoint.ts';
import type { Incident, IncidentMap, IncidentOf, Origin, UntypedData, Value } from './incident.ts';
import type { Log } from './log.ts';
import type { Origins } from './meaning/origins.ts';
import type { Role, RoleIncident } from './meaning/roles.ts';
import type { Schema } from './meaning/schema.ts';

/** The version of the contract between handlers, sources and the dispatcher. It is not the version of this package. */
export const CONTRACT = 1;

/** A value or a promise of it, so that a method that does no input or output need not be asynchronous. */
export type MaybePromise<T> = T | Promise<T>;

/** How {@link HandlerContext.report} identifies a report, so that a repetition has the same id and is ignored. */
export interface ReportOptions {
  /**
   * The incident that caused this report. Optional in a listener, where it is the incident being handled. Required in
   * `write`, where it must be one of the batch: a redelivery may form other batches and must report the same ids.
   */
  readonly cause?: Pick<Incident, 'id' | 'sensor'>;
  /**
   * Outside deliveries only: the place of this report in an outbox, where the handler stores reports until their promises
   * resolve. A repetition after a crash then has the same id. `stream` is a random name that the outbox keeps for good.
   * `ordinal` rises within it and is never reused.
   */
  readonly place?: { readonly stream: string; readonly ordinal: number };
}

/** A value that the journal stores together with the progress of a handler. See {@link HandlerContext.state}. */
export interface HandlerState {
  /** The value, deeply frozen: what this delivery, or the last successful one, has set; undefined when there is none. */
  get(): Value | undefined;
  /**
   * Sets the value; null removes it. It is stored in the same transaction as the acknowledgement, and discarded when the
   * delivery fails. Throws `HANDLER_INVALID` for more than 64 KiB of JSON, and `LIFE_CYCLE` outside of deliveries.
   */
  set(value: Value): void;
}

/** What the dispatcher provides to a handler. Valid from `start` to `close`. */
export interface HandlerContext {
  /** The name of this instance: `as:` in the configuration, or the handler's name. Unique in a dispatcher. */
  readonly instance: string;
  /** The name of the sensor that this host reports for. */
  readonly sensor: string;
  /** The folder of this instance: an absolute path that exists. No other instance uses it. */
  readonly dataDir: string;
  /** Whether unacknowledged incidents survive a crash of this host: in a durable journal, or in a file that can be read again. */
  readonly durable: boolean;
  /** Aborts before `close` is called. Pass it to timers and requests. */
  readonly signal: AbortSignal;
  /** The log of this instance. */
  readonly log: Log;
  /** The declared origins: their levels, and what their incidents mean. */
  readonly origins: Origins;
  /**
   * A value of this instance, such as a counter or what a throttle has let pass, which survives a crash: either the delivery
   * and its state are stored, or neither. With a journal in memory it lives as long as the process. `ihandler forget` removes
   * it when it names a forgotten host. A writing handler with a `checkpoint` of its own stores such values with its rows: a
   * write that its checkpoint covers is not repeated after a crash, and so its state may be missing.
   */
  readonly state: HandlerState;
  /** The current time in milliseconds since the Unix epoch. Tests replace it. */
  now(): number;
  /** The `fetch` to use for requests. Tests replace it. */
  readonly fetch: typeof globalThis.fetch;
  /**
   * Reports a further incident. It reaches every other handler, never the instance that reports it.
   *
   * The context of a delivery (second argument of a listener, third of `write`) collects reports: they are stored in the same
   * transaction as the acknowledgement, and discarded when the delivery fails. Await the promise before the delivery ends.
   * The context passed to `start` is for all other times: its promise resolves when the incident is as durable as the
   * journal makes it.
   *
   * Rejects with `ORIGIN_UNDECLARED` when `reports` lacks the origin, `INCIDENT_INVALID` when the data does not fit its
   * schema, `HANDLER_INVALID` when `write` passes no cause, `LIFE_CYCLE` when the delivery has ended or the dispatcher is
   * closed, and with a permanent error when a chain of reports that cause each other exceeds 8.
   */
  report<O extends string>(
    origin: O,
    data: O extends Origin ? IncidentMap[O] : UntypedData,
    options?: ReportOptions,
  ): Promise<void>;
}

/** Handles one incident. The incident counts as handled when the function returns or its promise resolves. */
export type Listener<I = Incident> = (incident: I, context: HandlerContext) => MaybePromise<void>;

/**
 * The members that listening and writing handlers share. The dispatcher uses a handler only between a successful `start`
 * and `close`, and calls nothing while a delivery runs except `reopen` and `counters`; only `counters` may also be called
 * before `start` and after `close`. So a handler needs no code against use before `start` or after `close`.
 */
export interface HandlerBase {
  /** {@link CONTRACT}; `defineHandler` sets it. */
  readonly contract: typeof CONTRACT;
  /** Kebab case: the name of the package without its scope, such as `log-sqlite`. */
  readonly name: string;
  /**
   * The origins that the handler reports, each with the schema of its data. The dispatcher also checks incoming incidents of
   * these origins: data that does not fit reaches only handlers that listen to `*`.
   */
  readonly reports?: Readonly<Record<string, Schema>>;
  /**
   * Opens files and connections, before the first delivery. When it throws, the dispatcher calls it again with increasing
   * delays while other handlers run. May be called again after `close`.
   */
  start?(context: HandlerContext): MaybePromise<void>;
  /** Flushes and releases everything. Called once for each successful `start`, after the last delivery has settled. */
  close?(): MaybePromise<void>;
  /** Reopens files that another program may have renamed, such as logrotate (SIGHUP). Called between deliveries. */
  reopen?(): MaybePromise<void>;
  /**
   * Removes everything stored about attacks in which one of these remote hosts took part (see `remoteHostsOf` in the kit), and
   * these hosts from the texts of other attacks (see `addresses`), so that no byte of an address remains in its files.
   * Returns a sentence for the operator, such as `removed 3 attacks`. Called between deliveries. Leave it out when the
   * handler stores nothing, or must not change its output.
   */
  forget?(isForgotten: (host: string) => boolean): MaybePromise<string>;
  /**
   * Whether incidents of an origin that its globs match are for it. The others are not delivered and count as filtered. The
   * answer for an origin may not change; `origins` knows its level and roles. Leave it out when the globs say everything.
   */
  wants?(origin: string, origins: Origins): boolean;
  /**
   * Counters of the handler itself, by name in snake case, shown by `status` and as metrics. Must be cheap: every status request
   * calls it.
   */
  counters?(): Readonly<Record<string, number>>;
  /**
   * Why it cannot do its own work although it accepts incidents, such as a server that does not respond, and since when (in
   * milliseconds since the Unix epoch); undefined when it can. After a minute it is unhealthy. Called like `counters`.
   */
  problem?(): { readonly reason: string; readonly since: number } | undefined;
}

/**
 * A handler that gets one incident at a time, in order. The dispatcher calls every listener whose glob matches, in written
 * order; they succeed or fail as one delivery. It retries a failed delivery according to {@link failureKind}. After the last
 * attempt it moves the incident to the dead letters and continues with the next one.
 */
export interface ListeningHandler extends HandlerBase {
  /**
   * The listeners by glob over origins, or by role: `role:login`. `*` in a glob matches any characters, dots included. The
   * listener of a role gets a {@link RoleIncident}, and is called only for incidents that have the role.
   */
  readonly on: Readonly<Record<string, Listener>>;
  /**
   * Calls listeners for many incidents, one incident after the other. For a host that runs listeners elsewhere, such as in a
   * worker thread, where one call for each incident is slow; handlers leave it out. The dispatcher uses it for handlers
   * without `reports`. `listenersOf` returns the listeners of the incident at an index. Resolves with how many incidents from
   * the front are handled, and why the next one failed, if it did; without a failure, the rest is passed again.
   */
  listenToMany?(
    incidents: readonly Incident[],
    listenersOf: (index: number) => readonly Listener[],
    context: HandlerContext,
  ): Promise<{ readonly done: number; readonly failure?: { readonly error: unknown } }>;
}

/**
 * A handler that gets many incidents at once and stores all or none of them: rows and checkpoint in one transaction, or one
 * request. The dispatcher retries a failed batch, and then its incidents one by one.
 */
export interface WritingHandler extends HandlerBase {
  /**
   * The globs over origins that the handler accepts, or roles: `role:login` stands for all origins that can have the role.
   * `*` in a glob matches any characters, dots included. `context.origins` knows the facts.
   */
  readonly accepts: readonly string[];
  /**
   * Stores a batch, in order; at least one incident. `checkpoint` holds the highest ordinal of each stream in the batch: merge
   * it into the stored checkpoint in the same transaction as the rows.
   *
   * A handler that declares `reports` may get incidents again that its checkpoint covers: after a crash, in a batch of their
   * own with an empty checkpoint, so that it repeats its reports. It must not store them again.
   */
  write(batch: readonly Incident[], checkpoint: Checkpoint, context: HandlerContext): MaybePromise<void>;
  /**
   * The stored checkpoint, over all streams. The dispatcher reads it after `start` and after each failed write, and does not
   * deliver incidents that it covers. Without this method a handler may get incidents again that it has stored.
   */
  checkpoint?(): MaybePromise<Checkpoint>;
}

/** Acts on incidents whose origin matches its globs. */
export type Handler = ListeningHandler | WritingHandler;

/** What the listener of a key of `on` gets; `never` for a glob that matches nothing, and for an unknown role. */
type Heard<P extends string> = P extends `role:${infer R}` ? RoleIncident<R & Role> : IncidentOf<P>;

/** What `write` gets because of an item of `accepts`; `never` as for {@link Heard}. */
type Accepted<P extends string> = P extends `role:${infer R}`
  ? R extends Role
    ? Incident
    : never
  : IncidentOf<P>;

/** A key that can match something; `never` for a typo under a known root, and for an unknown role. */
type ValidGlob<P extends string> = P extends string ? ([Accepted<P>] extends [never] ? never : P) : never;

/** The argument of {@link defineHandler} for a listening handler: each listener is typed by its glob. */
export type ListeningDefinition<P extends string> = Omit<ListeningHandler, 'contract' | 'on'> & {
  readonly on: { readonly [G in P]: [ValidGlob<G>] extends [never] ? never : Listener<Heard<G>> };
};

/** The argument of {@link defineHandler} for a writing handler: the batch is typed by the globs. */
export type WritingDefinition<P extends string> = Omit<WritingHandler, 'contract' | 'accepts' | 'write'> & {
  readonly accepts: readonly (P & ValidGlob<P>)[];
  write(batch: readonly Accepted<P>[], checkpoint: Checkpoint, context: HandlerContext): MaybePromise<void>;
};

/** Defines a handler: types each listener by its own glob and adds the contract version. Does nothing else at runtime. */
export function defineHandler<const P extends string>(definition: ListeningDefinition<P>): ListeningHandler;
export function defineHandler<const P extends string>(definition: WritingDefinition<P>): WritingHandler;
export function defineHandler(definition: object): Handler {
  // Safe: the dispatcher calls a listener only with incidents that match its glob and whose data fits.
  return { contract: CONTRACT, ...definition } as Handler;
}

/** Whether a handler gets batches (`write`) instead of single incidents (`on`). */
export function isWriting(handler: Handler): handler is WritingHandler {
  return 'write' in handler;
}
