import {
  advance,
  type Incident,
  parseIncidentId,
  type Reject,
  type Source,
  type SourceContext,
  silentLog,
  type Value,
} from '@ihandler/core';

/** What is thrown where the process was killed. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** A host whose journal survives: what it took stays when the source is killed, in the middle of a report too. */
export interface DurableHost {
  readonly incidents: Incident[];
  readonly rejects: Reject[];
  readonly messages: string[];
  /** The size of the largest state kept, in characters of JSON. */
  largestState(): number;
  readonly reports: () => number;
  state(): Value | undefined;
  /** The next report is killed: before it is durable, or after and before the source learns; or it is not after all. */
  killAt(when: 'before' | 'after' | undefined): void;
  /** Runs the source until it is stopped or killed; a run that failed otherwise rejects. */
  run(source: Source): { readonly stop: () => Promise<void>; readonly ended: Promise<void> };
}

/** Makes a {@link DurableHost}. Known ids are ignored; an id that comes again with other data is an error. */
export function createDurableHost(replace: Partial<SourceContext> = {}): DurableHost {
  const incidents: Incident[] = [];
  const known = new Map<string, string>();
  const rejects: Reject[] = [];
  const messages: string[] = [];
  const highest: Record<string, number> = {};
  let state: Value | undefined;
  let kill: 'before' | 'after' | undefined;
  let largest = 0;
  let reports = 0;

  function append(batch: readonly Incident[], kept: Value | undefined): void {
    reports += 1;
    for (const incident of batch) {
      const { stream, ordinal } = parseIncidentId(incident.id);
      const text = JSON.stringify([incident.origin, incident.timestamp, incident.data]);
      const before = known.get(incident.id);
      if (before !== undefined && before !== text)
        throw new Error(`The id ${incident.id} came with other data.`);
      if (before !== undefined) continue;
      if (ordinal <= (highest[stream] ?? -1)) throw new Error(`${incident.id} came late.`);
      known.set(incident.id, text);
      advance(highest, incident);
      incidents.push(incident);
    }
    if (kept === undefined) return;
    const json = JSON.stringify(kept);
    largest = Math.max(largest, json.length);
    state = JSON.parse(json);
  }

  return {
    incidents,
    rejects,
    messages,
    largestState: () => largest,
    reports: () => reports,
    state: () => state,
    killAt(when) {
      kill = when;
    },
    run(source) {
      const stopped = new AbortController();
      let dead = false;
      const log = (message: string) => messages.push(message);
      const ended = source
        .run({
          instance: source.name,
          sensor: 'hive',
          signal: stopped.signal,
          log: { ...silentLog, warn: log, error: log },
          now: Date.now,
          state: () => state,
          resumeAfter: (stream) => highest[stream],
          async report(batch, options) {
            // A killed process does nothing more, whatever it still tries.
            if (dead) throw new Killed();
            const when = kill;
            kill = undefined;
            dead = when !== undefined;
            if (when !== 'before') append(batch, options?.state);
            if (dead) throw new Killed();
          },
          async reject(reject) {
            if (!dead) rejects.push(reject);
          },
          progress: () => undefined,
          ...replace,
        })
        .catch((error: unknown) => {
          if (!(error instanceof Killed)) throw error;
        });
      return {
        ended,
        async stop() {
          stopped.abort();
          await ended;
        },
      };
    },
  };
}

/** Waits until something holds, looking every few milliseconds; fails after ten seconds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}
