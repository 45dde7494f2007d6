import type { Progress, SourceContext } from '@ihandler/core';

/** The shortest time between two reports, in milliseconds. */
const interval = 100;

/** Reports how far a source is, at most ten times a second; with `last` always. */
export type ProgressReporter = (progress: Progress, last?: 'last') => void;

/** Makes a {@link ProgressReporter}. */
export function createProgressReporter(context: Pick<SourceContext, 'now' | 'progress'>): ProgressReporter {
  let reportedAt = Number.NEGATIVE_INFINITY;
  return (progress, last) => {
    const now = context.now();
    if (last === undefined && Math.abs(now - reportedAt) < interval) return;
    reportedAt = now;
    context.progress(progress);
  };
}
