import type { LaneStatus, SourceOutcome } from '@ihandler/core';

/** How far an import is. */
export interface ImportProgress {
  /** The file being read, as the user named it. */
  readonly file: string;
  /** Counted from one, of `of` files. */
  readonly index: number;
  readonly of: number;
  /** Of the whole import, between 0 and 1; undefined when the size of a file is unknown. */
  readonly fraction: number | undefined;
  /** Incidents read so far. */
  readonly incidents: number;
  /** Since the import began. */
  readonly seconds: number;
  /** A handler that fails at the moment, and why. */
  readonly stuck: string | undefined;
}

/** The result of one file. */
export interface FileResult {
  /** As the user named it. */
  readonly file: string;
  /** The source that read it; undefined for an empty file. */
  readonly source: string | undefined;
  readonly outcome: SourceOutcome;
  /** Why it was not read to its end. */
  readonly failure?: string;
}

/** A file of lines that the import wrote. */
export interface LinesWritten {
  readonly file: string;
  /** How many lines it has. */
  readonly count: number;
}

/** The result of an import. */
export interface ImportResult {
  /** The files that were read, in order. */
  readonly files: readonly FileResult[];
  /** The number of files to read. */
  readonly asked: number;
  readonly lanes: readonly LaneStatus[];
  readonly rejects: LinesWritten | undefined;
  readonly deadLetters: LinesWritten | undefined;
  readonly seconds: number;
  readonly isInterrupted: boolean;
  /** Why it stopped early, unless it was interrupted. */
  readonly failure: string | undefined;
}
