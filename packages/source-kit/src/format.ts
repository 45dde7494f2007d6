import type { Log, UntypedData } from '@ihandler/core';
import type { SessionLimits, Sessions } from './sessions.ts';

/** An incident in a line. Its id, sensor and `local` come from the source. */
export interface LineIncident {
  readonly origin: string;
  /** Milliseconds since the Unix epoch, with fractions. */
  readonly timestamp: number;
  /** The source takes ownership and may cut long values of it (see `maxLine`). */
  readonly data: UntypedData;
}

/**
 * What a line holds: incidents in their order, none when the line is valid and is to be skipped; or the reason why the line
 * is invalid: the expected and the actual text, in plain English.
 */
export type LineResult = { readonly incidents: readonly LineIncident[] } | { readonly reject: string };

/** What {@link LineFormat.parse} knows beside the line. */
export interface LineContext {
  readonly sensor: string;
  /** Whether the files that the lines name are on this machine. */
  readonly local: boolean;
  readonly log: Log;
  /** What earlier lines said about sessions. Only for a format with `sessions`. */
  readonly sessions: Sessions;
}

/** Another format that a file has, and what to do about it; two sentences. */
export interface FormatProblem {
  readonly found: string;
  readonly fix: string;
}

/** A format of logs with one event a line. It does not know where the lines come from, so that one format serves every source. */
export interface LineFormat {
  /** Identifies the format in the ids of incidents: another name gives other ids. */
  readonly name: string;
  /** The lines for people, such as `lines of acme.json`. @default "lines of <name>" */
  readonly title?: string;
  /** What to do when a file holds something else; a sentence. @default "Check the path." */
  readonly fix?: string;
  /**
   * Reads a line: UTF-8 text without its end, byte order marks and NUL bytes; never called for a line of blanks. A line has
   * at most as many incidents as bytes. What it throws is the reason of a reject. It must depend on nothing but its
   * arguments, since a line may be read again after a crash, and must change no session before it rejects a line.
   */
  parse(line: string, context: LineContext): LineResult;
  /**
   * The time of a line in milliseconds, undefined when it has none. The source orders rotated parts by it. Declare it when
   * `parse` needs sessions or skips lines. @default the time of the first incident that `parse` finds in the line
   */
  timeOf?(line: string): number | undefined;
  /** Whether a line is of this format, valid or not. @default whether `parse` accepts it */
  looksLike?(line: string): boolean;
  /** Explains another format that the sensor writes, from the beginning of a file; undefined for every other one. */
  explain?(head: Buffer, file: string): FormatProblem | undefined;
  /**
   * The text with which a line begins, as a global expression: a writer that stopped inside a line continues behind it, and
   * the whole line at the end is still read. It must not match what attackers write inside of a line. @default `{"`, which
   * JSON never has inside of a string
   */
  readonly beginning?: RegExp;
  /** Declares that `parse` uses {@link LineContext.sessions}, and their limits; `{}` for the default ones. */
  readonly sessions?: SessionLimits;
}
