import {
  advance,
  type Incident,
  type Progress,
  type Reject,
  type Source,
  type SourceContext,
  silentLog,
  type Value,
} from '@ihandler/core';

/** Everything that a source reported. */
export interface SourceOutput {
  readonly incidents: Incident[];
  readonly batches: number[];
  readonly rejects: Reject[];
  readonly warnings: string[];
  readonly progress: Progress[];
  /** The last state that was reported, at first that of an earlier run. */
  state: Value | undefined;
  /** The highest ordinal of each stream. */
  readonly checkpoint: Record<string, number>;
}

/**
 * Runs a source to its end, for a host that has the incidents up to `checkpoint`; `context` replaces parts of that host, and
 * `state` is what an earlier run left.
 */
export async function runSource(
  source: Source,
  checkpoint: Readonly<Record<string, number>> = {},
  context: (output: SourceOutput) => Partial<SourceContext> = () => ({}),
  state?: Value,
): Promise<SourceOutput> {
  const output: SourceOutput = {
    state,
    incidents: [],
    batches: [],
    rejects: [],
    warnings: [],
    progress: [],
    checkpoint: { ...checkpoint },
  };
  await source.run({
    instance: source.name,
    state: () => output.state,
    sensor: 'hive',
    signal: new AbortController().signal,
    log: { ...silentLog, warn: (message) => output.warnings.push(message) },
    now: Date.now,
    async report(batch, options) {
      output.state = options?.state ?? output.state;
      if (batch.length === 0) return;
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
