import type { Progress, SourceContext } from '@ihandler/core';

const interval = 100;

/** Makes a function that tells the host how far a source is, at most ten times a second; `last` always tells. */
export function createProgress(
  context: Pick<SourceContext, 'now' | 'progress'>,
): (progress: Progress, last?: 'last') => void {
  let told = Number.NEGATIVE_INFINITY;
  return (progress, last) => {
    const now = context.now();
    if (last === undefined && Math.abs(now - told) < interval) return;
    told = now;
    context.progress(progress);
  };
}
