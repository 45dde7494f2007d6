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

/** The name of the sensor in a {@link DurableHost}. */
export const SENSOR = 'hive';

/** Thrown where the process would be killed. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** A host whose journal is durable: its incidents survive when the source is killed, even during a report. */
export interface DurableHost {
  readonly incidents: Incident[];
  readonly rejects: Reject[];
  readonly messages: string[];
  /** What the source said about why it cannot bring incidents. */
  readonly problems: (string | undefined)[];
  /** The size of the largest state that was saved, in characters of JSON. */
  largestState(): number;
  readonly reports: () => number;
  state(): Value | undefined;
  /** Kills the source in its next report: before the report is durable, or after that and before the source is notified; undefined cancels it. */
  killAt(when: 'before' | 'after' | undefined): void;
  /** Runs the source until it is stopped or killed; rejects when the run fails for another reason. */
  run(source: Source): { readonly stop: () => Promise<void>; readonly ended: Promise<void> };
}

/** Makes a {@link DurableHost}. It ignores known ids; a known id with other data is an error. */
export function createDurableHost(replace: Partial<SourceContext> = {}): DurableHost {
  const incidents: Incident[] = [];
  const known = new Map<string, string>();
  const rejects: Reject[] = [];
  const messages: string[] = [];
  const problems: (string | undefined)[] = [];
  const highest: Record<string, number> = {};
  let state: Value | undefined;
  let kill: 'before' | 'after' | undefined;
  let largest = 0;
  let reports = 0;

  function append(batch: readonly Incident[], newState: Value | undefined): void {
    reports += 1;
    for (const incident of batch) {
      const { stream, ordinal } = parseIncidentId(incident.id);
      const text = JSON.stringify([incident.origin, incident.timestamp, incident.data]);
      const before = known.get(incident.id);
      if (before !== undefined && before !== text)
        throw new Error(`The id ${incident.id} was reported with other data.`);
      if (before !== undefined) continue;
      if (ordinal <= (highest[stream] ?? -1)) throw new Error(`${incident.id} was reported out of order.`);
      known.set(incident.id, text);
      advance(highest, incident);
      incidents.push(incident);
    }
    if (newState === undefined) return;
    const json = JSON.stringify(newState);
    largest = Math.max(largest, json.length);
    state = JSON.parse(json);
  }

  return {
    incidents,
    rejects,
    messages,
    problems,
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
          sensor: SENSOR,
          signal: stopped.signal,
          log: { ...silentLog, warn: log, error: log },
          now: Date.now,
          state: () => state,
          resumeAfter: (stream) => highest[stream],
          async report(batch, options) {
            // A killed process does nothing more.
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
          problem: (reason) => void problems.push(reason),
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

/** Waits until a condition holds, checked every few milliseconds; fails after ten seconds. */
export async function until(holds: () => boolean, condition: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`Timed out waiting until ${condition}.`);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}
