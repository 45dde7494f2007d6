import {
  advance,
  type Incident,
  type Progress,
  type Reject,
  type SourceContext,
  type Value,
} from '@ihandler/core';
import { collectingLog } from '../collecting-log.ts';

/** What {@link sourceContext} can be given. */
export interface SourceContextOptions extends Partial<Omit<SourceContext, 'state'>> {
  /** What every handler has: `resumeAfter` and `handlersHave` answer from it. @default nothing */
  readonly checkpoint?: Readonly<Record<string, number>>;
  /** The state that an earlier run left. */
  readonly state?: Value | undefined;
}

/** A context for a source, and what the source has done with it. */
export interface LentSourceContext {
  readonly context: SourceContext;
  /** The reported incidents, in order. */
  readonly incidents: readonly Incident[];
  /** The number of incidents in each report that had some. */
  readonly batches: readonly number[];
  readonly rejects: readonly Reject[];
  readonly progress: readonly Progress[];
  /** What the source said about why it cannot bring incidents; undefined: it can again. */
  readonly problems: readonly (string | undefined)[];
  /** The log lines, in order: `warn: the message {"some":"details"}`. */
  readonly lines: readonly string[];
  /** The highest ordinal of each stream. */
  readonly checkpoint: Readonly<Record<string, number>>;
  /** The last state that the source stored, at first that of the earlier run. */
  state(): Value | undefined;
  /** Aborts the signal of the context. */
  stop(): void;
}

/**
 * Makes the context for a test that runs a source itself, without a dispatcher: `await source.run(context)`. It records what
 * the source reports, unless `options` replaces a member of the context. A clock of `createClock` can be its `now`.
 */
export function sourceContext(options: SourceContextOptions = {}): LentSourceContext {
  const { checkpoint: had = {}, state: stored, ...replaced } = options;
  const incidents: Incident[] = [];
  const batches: number[] = [];
  const rejects: Reject[] = [];
  const progress: Progress[] = [];
  const problems: (string | undefined)[] = [];
  const lines: string[] = [];
  const checkpoint: Record<string, number> = { ...had };
  const stopped = new AbortController();
  let state = stored;
  const context: SourceContext = {
    instance: 'source',
    sensor: 'sensor',
    signal: stopped.signal,
    log: collectingLog(lines),
    now: Date.now,
    state: () => state,
    async report(batch, given) {
      state = given?.state ?? state;
      if (batch.length === 0) return;
      batches.push(batch.length);
      for (const incident of batch) {
        incidents.push(incident);
        advance(checkpoint, incident);
      }
    },
    resumeAfter: (stream) => had[stream],
    handlersHave: (stream, ordinal) => (had[stream] ?? -1) >= ordinal,
    async reject(reject) {
      rejects.push(reject);
    },
    progress: (step) => void progress.push(step),
    problem: (reason) => void problems.push(reason),
    ...replaced,
  };
  return {
    context,
    incidents,
    batches,
    rejects,
    progress,
    problems,
    lines,
    checkpoint,
    state: () => state,
    stop: () => stopped.abort(),
  };
}
