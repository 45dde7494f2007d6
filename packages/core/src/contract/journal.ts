import type { Checkpoint } from './checkpoint.ts';
import type { MaybePromise } from './handler.ts';
import type { Incident, Value } from './incident.ts';

/**
 * Consecutive incidents of a journal. The incident at index i has the position `before + 1 + i`. Positions rise by one and are
 * never reused.
 */
export interface JournalRun {
  /** The position before the first incident. In an empty run: the position before the next incident. */
  readonly before: number;
  readonly incidents: readonly Incident[];
  /** Incidents that an append with {@link AppendOptions} did not add. Ones that are equal to their entry may be missing. */
  readonly skipped?: readonly SkippedIncident[];
}

/** An incident that an append did not add. */
export interface SkippedIncident {
  readonly incident: Incident;
  /**
   * `known`: its id is known, as `stored`, or as an entry that was removed. `behind`: its ordinal is lower than one of its
   * stream. `barred`: it is new, and the caller may not add to its stream.
   */
  readonly why: 'known' | 'behind' | 'barred';
  /** The entry with its id; absent when retention removed it. */
  readonly stored?: Incident | undefined;
}

/** Makes an append list the incidents that it does not add: see {@link JournalRun.skipped}. */
export interface AppendOptions {
  /** Whether to skip new incidents whose ordinals are lower than one of their stream. */
  readonly rising: boolean;
  /** The incidents to skip unless they are known. @default none */
  readonly barred?: ReadonlySet<Incident> | undefined;
}

/**
 * Delivery counts of an instance: the outcome of every incident after its first position and up to its cursor. Pending
 * incidents come after the cursor.
 */
export interface DeliveryCounts {
  /** Handled: a listener returned, a write resolved, or the checkpoint of the handler covers the incident. */
  readonly delivered: number;
  /** Not delivered: the globs or filters of the instance do not match, or it reported the incident itself. */
  readonly filtered: number;
  /** In the dead letters at the moment. */
  readonly dead: number;
  /** Dropped from the dead letters by command. */
  readonly dropped: number;
  /** Removed by retention before they were handled. */
  readonly lost: number;
}

/** The progress of an instance. The counts cover every incident up to `position`; later ones are pending. */
export interface Cursor {
  /** The position at which the instance started: `first` plus the sum of the counts equals `position`. */
  readonly first: number;
  /** The last position that the counts cover. */
  readonly position: number;
  readonly counts: DeliveryCounts;
  /** The checkpoint of the last acknowledged write. A handler whose own checkpoint does not cover it has lost data. */
  readonly written: Checkpoint;
}

/** An incident that a handler could not process, stored until an operator retries or drops it. */
export interface DeadLetter {
  /** The instance that failed. */
  readonly instance: string;
  /** The position of the incident in the journal. */
  readonly position: number;
  readonly incident: Incident;
  /** The message of the last error. */
  readonly reason: string;
  /** The number of attempts. */
  readonly attempts: number;
  /** The time of the last attempt, in milliseconds since the Unix epoch. */
  readonly at: number;
}

/** An acknowledgement, which the journal stores in one transaction. */
export interface JournalStep {
  readonly instance: string;
  readonly cursor: Cursor;
  /** New dead letters. One with the same position replaces the existing one. */
  readonly deadLetters: readonly DeadLetter[];
  /** Positions of dead letters to remove: they were handled at last, or dropped by an operator. */
  readonly settled?: readonly number[];
  /** Reports of the acknowledged delivery, to append. Known ids are ignored. */
  readonly reports: readonly Incident[];
  /** The state of the handler, when the delivery has set it. `sourceState` returns it by the name in the mark. */
  readonly mark?: SourceMark | undefined;
}

/** The state of a source, stored in the same transaction as its incidents. */
export interface SourceMark {
  /** The instance of the source. */
  readonly source: string;
  /** The state from which the source resumes after a restart, in a form of its own. Replaces the previous state. */
  readonly state: Value;
}

/** The result of {@link Journal.forget}. */
export interface ForgetResult {
  /** The number of entries replaced by `ihandler.incident.forgotten` with the same id at the same position. */
  readonly entries: number;
  /** The number of dead letters removed. They count as dropped. */
  readonly deadLetters: number;
}

/** The fate of a damaged journal: it was set aside, and its readable entries were copied to a new one. */
export interface JournalDamage {
  /** The new path of the damaged file; its log is next to it. */
  readonly setAside: string;
  /** The problem, for people. */
  readonly problem: string;
  /** The number of readable entries. They are in the new journal at the same positions. */
  readonly readable: number;
  /** The number of positions known to have unreadable entries. Instances with such entries pending count them as lost. */
  readonly lost: number;
}

/**
 * The ordered log between sources and handlers. One process writes it. All methods except `open` may be called only between
 * `open` and `close`, and calls may overlap. A method rejects with a temporary error when a retry may help, with `JOURNAL_BUSY`
 * when another process writes the journal, with `JOURNAL_INVALID` when its file has an unknown form, and with `JOURNAL_FAILED`
 * when it can no longer store anything durably: then the process should exit.
 */
export interface Journal {
  readonly name: string;
  /** Whether appended incidents survive a crash. */
  readonly durable: boolean;
  /** With less free space than this on its disk, in bytes, it accepts no incidents. @default it does not say */
  readonly minFree?: number;
  /** Present when the journal was damaged when it was opened. */
  readonly damage?: JournalDamage | undefined;
  open(): MaybePromise<void>;
  close(): MaybePromise<void>;
  /** The position before the oldest entry and the position of the newest one; equal when there is none. */
  bounds(): { readonly before: number; readonly last: number };
  /**
   * Appends incidents in order, together with `mark`, and resolves when they are durable. Ignores known ids. Returns the new
   * incidents in order, as the same objects. Rejects with a temporary error, such as `JOURNAL_FULL`, while it does not accept
   * incidents, and with `JOURNAL_FAILED` when it can no longer store anything durably, for example because fsync failed.
   */
  append(
    incidents: readonly Incident[],
    mark?: SourceMark,
    options?: AppendOptions,
  ): MaybePromise<JournalRun>;
  /** The state of a source: see {@link SourceMark}. */
  sourceState(source: string): MaybePromise<Value | undefined>;
  /** At most `limit` entries after a position, oldest first. Starts later when retention has removed some: see `before`. */
  read(after: number, limit: number): MaybePromise<JournalRun>;
  /** The highest ordinal ever appended of a stream, also when retention has removed its entries. */
  highest(stream: string): MaybePromise<number | undefined>;
  /** The entry of a stream with the highest ordinal. Journals of an earlier version lack it. */
  newest?(stream: string): MaybePromise<Incident | undefined>;
  /** The cursor of an instance; undefined for a new instance. */
  cursor(instance: string): MaybePromise<Cursor | undefined>;
  /** Moves a cursor, stores dead letters and appends reports, all or nothing. Returns the new reports. */
  commit(step: JournalStep): MaybePromise<JournalRun>;
  /** At most `limit` dead letters of an instance after a position, by position. */
  deadLetters(instance: string, after?: number, limit?: number): MaybePromise<readonly DeadLetter[]>;
  /** Allows the journal to remove entries up to a position, which every instance has passed, as soon as retention permits. */
  release(upTo: number): MaybePromise<void>;
  /** The time at which an entry was accepted, in milliseconds since the Unix epoch; undefined for a position without an entry. */
  acceptedAt(position: number): MaybePromise<number | undefined>;
  /** The position before the first entry accepted at or after a time; the newest position when there is none. */
  positionBefore(acceptedAt: number): MaybePromise<number>;
  /** Removes the content of matching entries and dead letters for good. Files that were set aside as damaged stay as they are. */
  forget(matches: (incident: Incident) => boolean): MaybePromise<ForgetResult>;
}

/** A read-only view of a journal for other processes, whether or not a process writes it. */
export interface JournalView {
  /** The file or address, for people. */
  readonly where: string;
  /** The id of the process that writes the journal; undefined when there is none. */
  writer(): number | undefined;
  bounds(): { readonly before: number; readonly last: number };
  acceptedAt(position: number): number | undefined;
  /** By instance. Cursors of instances that no longer run stay for some time; `usedAt` is the time of the last run. */
  cursors(): Readonly<Record<string, Cursor & { readonly usedAt: number }>>;
  deadLetters(instance: string, after?: number, limit?: number): readonly DeadLetter[];
  /** The states of sources, by instance, with the time at which each was stored. */
  sources(): Readonly<Record<string, { readonly state: Value; readonly at: number }>>;
  /** The size on disk and the limit of retention, in bytes. */
  size(): { readonly bytes: number; readonly limit: number };
  /** The number and bytes of incidents accepted since a time. */
  acceptedSince(time: number): { readonly incidents: number; readonly bytes: number };
  /** The damaged journals that were set aside, oldest first, each with the time in milliseconds since the Unix epoch. */
  damages?(): readonly (JournalDamage & { readonly at: number })[];
  close(): void;
}

/** The result of {@link JournalModule.check}. */
export interface JournalCheck {
  /** The problems, for people; empty when there are none. */
  readonly problems: readonly string[];
  readonly entries: number;
  /** The number of instances. Counts that do not balance are among the problems. */
  readonly instances: number;
}

/** The module of a journal, as `journals` in a manifest names it. */
export interface JournalModule {
  default(options: object): Journal;
  /** Opens the journal for reading. Throws `TARGET_UNREADABLE` or `JOURNAL_INVALID`. */
  view?(options: object): JournalView;
  /** Verifies the whole journal. Changes nothing and may take long. */
  check?(options: object): MaybePromise<JournalCheck>;
  /** Returns unused space to the file system, while no process writes the journal. Returns the bytes before and after. */
  compact?(options: object): MaybePromise<{ readonly before: number; readonly after: number }>;
}
