import {
  advance,
  type Incident,
  type Progress,
  type Reject,
  type Source,
  type SourceContext,
  silentLog,
} from '@ihandler/core';

/** What a source brought. */
export interface Brought {
  readonly incidents: Incident[];
  readonly batches: number[];
  readonly rejects: Reject[];
  readonly warnings: string[];
  readonly progress: Progress[];
  /** How far of each stream it went. */
  readonly checkpoint: Record<string, number>;
}

/** Runs a source to its end, for a host that has taken what `checkpoint` says; `context` replaces parts of that host. */
export async function runSource(
  source: Source,
  checkpoint: Readonly<Record<string, number>> = {},
  context: (brought: Brought) => Partial<SourceContext> = () => ({}),
): Promise<Brought> {
  const brought: Brought = {
    incidents: [],
    batches: [],
    rejects: [],
    warnings: [],
    progress: [],
    checkpoint: { ...checkpoint },
  };
  await source.run({
    instance: source.name,
    state: () => undefined,
    sensor: 'hive',
    signal: new AbortController().signal,
    log: { ...silentLog, warn: (message) => brought.warnings.push(message) },
    now: Date.now,
    async report(batch) {
      brought.incidents.push(...batch);
      brought.batches.push(batch.length);
      for (const incident of batch) advance(brought.checkpoint, incident);
    },
    resumeAfter: (stream) => checkpoint[stream],
    async reject(reject) {
      brought.rejects.push(reject);
    },
    progress: (progress) => brought.progress.push(progress),
    ...context(brought),
  });
  return brought;
}

/** How many incidents there are of each origin. */
export function countOrigins(incidents: readonly Incident[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { origin } of incidents) counts[origin] = (counts[origin] ?? 0) + 1;
  return counts;
}
