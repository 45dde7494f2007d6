import type { Checkpoint } from './checkpoint.ts';
import type { MaybePromise } from './handler.ts';
import type { Incident } from './incident.ts';

/**
 * Incidents with their places in the journal, without gaps: the one at index i has position `before + 1 + i`. Positions
 * rise by one and are never used twice. When there is nothing, `before` is where the next one would follow.
 */
export interface JournalRun {
  readonly before: number;
  readonly incidents: readonly Incident[];
}

/** What became of everything accepted since an instance's first position, without what still waits. */
export interface Books {
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

/** Where an instance is. Everything up to `position` is in the books; what is after it waits. */
export interface Cursor {
  /** The position before the first incident that concerned the instance: `first + sum of the books = position`. */
  readonly first: number;
  /** The last position that is accounted for. */
  readonly position: number;
  readonly books: Books;
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
  readonly deadLetters: readonly DeadLetter[];
  /** What the handler reported because of what is acknowledged; appended with it. Known ids are ignored. */
  readonly reports: readonly Incident[];
}

/**
 * The ordered log between sources and handlers. One process writes it. Every method may be called only between `open`
 * and `close`; calls may overlap.
 */
export interface Journal {
  readonly name: string;
  /** Whether what was appended survives a crash. */
  readonly durable: boolean;
  open(): MaybePromise<void>;
  close(): MaybePromise<void>;
  /** The position before the oldest entry kept, and that of the newest; equal when there is none. */
  bounds(): { readonly before: number; readonly last: number };
  /** Appends in order and resolves when durable. Ids it has seen are ignored. Returns what is new, in order: the very objects. */
  append(incidents: readonly Incident[]): MaybePromise<JournalRun>;
  /** The entries after a position, oldest first, at most `limit`; begins later when the oldest are gone (see `before`). */
  read(after: number, limit: number): MaybePromise<JournalRun>;
  /** The highest ordinal appended of a stream, also when its entries are gone. */
  highest(stream: string): MaybePromise<number | undefined>;
  cursor(instance: string): MaybePromise<Cursor | undefined>;
  /** Moves a cursor, keeps dead letters and appends reports, all or nothing. Returns the reports that are new. */
  commit(step: JournalStep): MaybePromise<JournalRun>;
  /** The dead letters of an instance after a position, oldest first. */
  deadLetters(instance: string, after?: number, limit?: number): MaybePromise<readonly DeadLetter[]>;
  /** Lets entries go that every cursor named has passed. A journal that keeps entries for replay may ignore it. */
  release(upTo: number): MaybePromise<void>;
}
