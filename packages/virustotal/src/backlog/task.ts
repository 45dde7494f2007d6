import type { Verdict } from '../api/verdict.ts';

/**
 * The state of a file: to look up, to upload, in analysis, to fetch the report after the analysis, to comment on, done.
 */
export const STATES = ['new', 'upload', 'analysis', 'report', 'comment', 'done'] as const;

/** One of {@link STATES}. */
export type State = (typeof STATES)[number];

/** The states that may follow each state. A task may also stay in its state and be retried later. */
export const TRANSITIONS: Readonly<Record<State, readonly State[]>> = {
  new: ['upload', 'report', 'comment', 'done'],
  upload: ['analysis', 'new', 'done'],
  analysis: ['report', 'new', 'done'],
  report: ['comment', 'done'],
  comment: ['done'],
  done: ['new'],
};

/** A file that is leased for its next step: a row of the table `samples`. */
export interface Task {
  readonly sample: number;
  readonly sha256: string | null;
  readonly md5: string | null;
  readonly state: State;
  readonly path: string | null;
  readonly failures: number;
  readonly analysis: string | null;
  readonly polls: number;
  /** How many uploads were sent, including those that may not have arrived. */
  readonly uploaded: number;
  readonly commented: number;
  readonly verdict: string | null;
  readonly recheck_at: number | null;
  readonly cause_id: string | null;
  readonly cause_sensor: string | null;
}

/** The result of a step: the changes to its task. Times in milliseconds since the Unix epoch. */
export interface Step {
  /** The next state. @default the current state: the task is retried */
  readonly to?: State;
  /** The earliest time of the next step. @default at once */
  readonly nextAt?: number;
  /** Whether the step failed. Each failure in a row increases the delay. */
  readonly failed?: boolean;
  readonly sha256?: string;
  readonly md5?: string;
  readonly analysis?: string;
  readonly polled?: boolean;
  /** Whether an upload was sent, even if it may not have arrived. */
  readonly uploaded?: boolean;
  readonly commented?: boolean;
  /** A verdict to report, in the same transaction. */
  readonly verdict?: Verdict;
  /** When to look the file up once more. */
  readonly recheckAt?: number;
}

/** The hashes of a file, as far as they are known. */
export interface Hashes {
  readonly sha256?: string;
  readonly md5?: string;
}

/** The hashes of a task, completed by others. */
export function hashesOf(task: Task, more: Hashes = {}): Hashes {
  const sha256 = task.sha256 ?? more.sha256;
  const md5 = task.md5 ?? more.md5;
  return { ...(sha256 && { sha256 }), ...(md5 && { md5 }) };
}
