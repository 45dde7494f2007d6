import {
  advance,
  type Incident,
  type Progress,
  type Reject,
  type Source,
  type SourceContext,
  silentLog,
} from '@ihandler/core';

/** Everything that a source reported. */
export interface SourceOutput {
  readonly incidents: Incident[];
  readonly batches: number[];
  readonly rejects: Reject[];
  readonly warnings: string[];
  readonly progress: Progress[];
  /** The highest ordinal of each stream. */
  readonly checkpoint: Record<string, number>;
}

/** Runs a source to its end, for a host that has the incidents up to `checkpoint`; `context` replaces parts of that host. */
export async function runSource(
  source: Source,
  checkpoint: Readonly<Record<string, number>> = {},
  context: (output: SourceOutput) => Partial<SourceContext> = () => ({}),
): Promise<SourceOutput> {
  const output: SourceOutput = {
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
    log: { ...silentLog, warn: (message) => output.warnings.push(message) },
    now: Date.now,
    async report(batch) {
      output.incidents.push(...batch);
      output.batches.push(batch.length);
      for (const incident of batch) advance(output.checkpoint, incident);
    },
    resumeAfter: (stream) => checkpoint[stream],
    async reject(reject) {
      output.rejects.push(reject);
    },
    progress: (progress) => output.progress.push(progress),
    ...context(output),
  });
  return output;
}

/** The number of incidents of each origin. */
export function countOrigins(incidents: readonly Incident[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { origin } of incidents) counts[origin] = (counts[origin] ?? 0) + 1;
  return counts;
}
