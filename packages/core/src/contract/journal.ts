import type { Checkpoint } from './checkpoint.ts';
import type { MaybePromise } from './handler.ts';
import type { Incident, Value } from './incident.ts';

/**
 * Incidents with their places in the journal, without gaps: the one at index i has position `before + 1 + i`. Positions
 * rise by one and are never used twice. When there is nothing, `before` is where the next one would follow.
 */
export interface JournalRun {
  readonly before: number;
  readonly incidents: readonly Incident[];
}

/** What became of everything accepted since an instance's first position, without what still waits. */
export interface DeliveryCounts {
  /** Handled: a listener returned, a write resolved, or the handler's own checkpoint covers it. */
  readonly delivered: number;
  /** Not for this instance: its globs or filters do not match, or it reported the incident itself. */
  readonly filtered: number;
  /** In the dead letters now. */
  readonly dead: number;
  /** Dropped from the dead letters by command. */
  readonly dropped: number;
  /** Gone by retention before it was handled. */
  readonly lost: number;
}

/** Where an instance is. Everything up to `position` is in the counts; what is after it waits. */
export interface Cursor {
  /** The position before the first incident that concerned the instance: `first + sum of the counts = position`. */
  readonly first: number;
  /** The last position that is accounted for. */
  readonly position: number;
  readonly counts: DeliveryCounts;
  /** The checkpoint that went with the last acknowledged write: a handler that does not cover it has lost what it stored. */
  readonly written: Checkpoint;
}

/** An incident that a handler could not handle, kept for people to decide. */
export interface DeadLetter {
  readonly instance: string;
  readonly position: number;
  readonly incident: Incident;
  /** What went wrong, for people. */
  readonly reason: string;
  /** How often it was tried. */
  readonly attempts: number;
  /** When it was given up, in milliseconds since the Unix epoch. */
  readonly at: number;
}

/** An acknowledgement: one transaction. */
export interface JournalStep {
  readonly instance: string;
  readonly cursor: Cursor;
  /** New ones; one that is there already, at the same position, is replaced. */
  readonly deadLetters: readonly DeadLetter[];
  /** The positions of the instance's dead letters that go: they were handled after all, or dropped by command. */
  readonly settled?: readonly number[];
  /** What the handler reported because of what is acknowledged; appended with it. Known ids are ignored. */
  readonly reports: readonly Incident[];
}

/** Where a source is, kept in the transaction that keeps what it brought. */
export interface SourceMark {
  /** The source's instance. */
  readonly source: string;
  /** What it needs to go on after a restart, in a form of its own. Replaces what it kept before. */
  readonly state: Value;
}

/** What {@link Journal.forget} did. */
export interface ForgetResult {
  /** Entries whose incident was replaced by `ihandler.incident.forgotten`, with the same id, at the same position. */
  readonly entries: number;
  /** Dead letters that were removed, and counted as dropped. */
  readonly deadLetters: number;
}

/** What became of a damaged journal: it was set aside, and what could be read of it goes on in a new one. */
export interface JournalDamage {
  /** Where it lies now, with its log beside it. */
  readonly setAside: string;
  /** What is wrong with it, for people. */
  readonly problem: string;
  /** How many entries could still be read: they are in the new journal, at the same positions. */
  readonly readable: number;
  /** How many positions are known to have held entries that could not be read: lanes that waited for them count them as lost. */
  readonly lost: number;
}

/**
 * The ordered log between sources and handlers. One process writes it. Every method may be called only between `open`
 * and `close`; calls may overlap.
 */
export interface Journal {
  readonly name: string;
  /** Whether what was appended survives a crash. */
  readonly durable: boolean;
  /** What was wrong when it was opened, and what became of it; undefined when it was whole. */
  readonly damage?: JournalDamage | undefined;
  open(): MaybePromise<void>;
  close(): MaybePromise<void>;
  /** The position before the oldest entry kept, and that of the newest; equal when there is none. */
  bounds(): { readonly before: number; readonly last: number };
  /**
   * Appends in order and resolves when durable, together with `mark`. Ids it has seen are ignored. Returns what is new, in
   * order: the very objects. Rejects with a passing error, such as `JOURNAL_FULL`, when it takes nothing at the moment;
   * with `JOURNAL_FAILED` when it can promise nothing any more (an fsync failed): then the process is to end.
   */
  append(incidents: readonly Incident[], mark?: SourceMark): MaybePromise<JournalRun>;
  /** What a source kept with its last append: see {@link SourceMark}. */
  sourceState(source: string): MaybePromise<Value | undefined>;
  /** The entries after a position, oldest first, at most `limit`; begins later when the oldest are gone (see `before`). */
  read(after: number, limit: number): MaybePromise<JournalRun>;
  /** The highest ordinal appended of a stream, also when its entries are gone. */
  highest(stream: string): MaybePromise<number | undefined>;
  cursor(instance: string): MaybePromise<Cursor | undefined>;
  /** Moves a cursor, keeps dead letters and appends reports, all or nothing. Returns the reports that are new. */
  commit(step: JournalStep): MaybePromise<JournalRun>;
  /** The dead letters of an instance after a position, oldest first. */
  deadLetters(instance: string, after?: number, limit?: number): MaybePromise<readonly DeadLetter[]>;
  /** Lets entries go that every instance has passed, as soon as retention allows. */
  release(upTo: number): MaybePromise<void>;
  /** When an entry was accepted, in milliseconds since the Unix epoch; undefined for a position that holds none. */
  acceptedAt(position: number): MaybePromise<number | undefined>;
  /** The position before the first entry that was accepted at or after a time; the newest position when none was. */
  positionBefore(acceptedAt: number): MaybePromise<number>;
  /** Forgets what matching entries and dead letters hold, for good: also in files beside its own. */
  forget(matches: (incident: Incident) => boolean): MaybePromise<ForgetResult>;
}

/** What another process may see of a journal, while one writes it or while none does. Reads only. */
export interface JournalView {
  /** The file or address, for people. */
  readonly where: string;
  /** The process that writes it; undefined when none does. */
  writer(): number | undefined;
  bounds(): { readonly before: number; readonly last: number };
  acceptedAt(position: number): number | undefined;
  /** By instance. Those of instances that do not run any more are kept for a while: `usedAt` says when one last ran. */
  cursors(): Readonly<Record<string, Cursor & { readonly usedAt: number }>>;
  deadLetters(instance: string, after?: number, limit?: number): readonly DeadLetter[];
  /** What sources kept, by instance, and when. */
  sources(): Readonly<Record<string, { readonly state: Value; readonly at: number }>>;
  /** Bytes on disk, and the limit of retention. */
  size(): { readonly bytes: number; readonly limit: number };
  /** How many incidents, and bytes of them, were accepted since a time. */
  acceptedSince(time: number): { readonly incidents: number; readonly bytes: number };
  /** The damaged journals that were set aside, oldest first, and when, in milliseconds since the Unix epoch. */
  damages?(): readonly (JournalDamage & { readonly at: number })[];
  close(): void;
}

/** What {@link JournalModule.check} found. */
export interface JournalCheck {
  /** What is wrong, for people; none when all is well. */
  readonly problems: readonly string[];
  readonly entries: number;
  /** Books that do not balance, by instance, are among the problems. */
  readonly instances: number;
}

/** The module of a journal whose manifest stands under `journals`. */
export interface JournalModule {
  default(options: object): Journal;
  /** Opens it for reading; throws `TARGET_UNREADABLE` or `JOURNAL_INVALID`. */
  view?(options: object): JournalView;
  /** Looks at everything in it. Changes nothing; may take long. */
  check?(options: object): MaybePromise<JournalCheck>;
  /** Gives space that is not used back to the file system, while no process writes it; answers bytes before and after. */
  compact?(options: object): MaybePromise<{ readonly before: number; readonly after: number }>;
}
