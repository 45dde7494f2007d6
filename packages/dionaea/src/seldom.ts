import type { SourceContext } from '@ihandler/core';

const interval = 60_000;

/** Makes a function that warns of the same thing at most once a minute. */
export function createSeldom(
  context: Pick<SourceContext, 'now' | 'log'>,
): (message: string, details?: Readonly<Record<string, unknown>>) => void {
  const told = new Map<string, number>();
  return (message, details) => {
    const now = context.now();
    const before = told.get(message);
    if (before !== undefined && Math.abs(now - before) < interval) return;
    told.set(message, now);
    context.log.warn(message, details);
  };
}
