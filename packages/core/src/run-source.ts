import type { DispatcherOptions, LaneStatus, RunOptions, SourceOutcome } from './dispatcher-options.ts';
import { IhandlerError } from './error.ts';
import { CONTRACT } from './handler.ts';
import type { Incident } from './incident.ts';
import type { JournalRun } from './journal.ts';
import type { Log } from './log.ts';
import type { Source } from './source.ts';

/** What a source's run needs of the dispatcher. */
export interface SourceHost {
  readonly sensor: string;
  readonly log: Log;
  /** Aborts when the dispatcher closes. */
  readonly life: AbortSignal;
  readonly onReject: DispatcherOptions['onReject'];
  now(): number;
  isKnown(origin: string): boolean;
  accept(batch: readonly Incident[]): Promise<JournalRun>;
  resumeAfter(stream: string): Promise<number | undefined>;
  waitForMove(milliseconds: number, signal: AbortSignal): Promise<void>;
  movedAt(): number;
  status(): readonly LaneStatus[];
}

/** Runs a source until it ends or is told to, and counts what it brings. */
export async function runSource(
  source: Source,
  options: RunOptions,
  host: SourceHost,
): Promise<SourceOutcome> {
  if (source.contract !== CONTRACT)
    throw new IhandlerError(
      'CONTRACT_UNKNOWN',
      `The source ${source.name} speaks contract ${String(source.contract)}, this core speaks ${CONTRACT}: install versions of both that agree.`,
    );
  const count = { accepted: 0, known: 0, rejected: 0, misfits: 0, unknown: 0 };
  const signal = options.signal === undefined ? host.life : AbortSignal.any([options.signal, host.life]);

  async function accepted(batch: readonly Incident[]): Promise<JournalRun> {
    if (options.stalledAfter === undefined) return host.accept(batch);
    const limit = options.stalledAfter;
    const began = performance.now();
    const settled = new AbortController();
    const appended = host.accept(batch).finally(() => settled.abort());
    const watch = (async () => {
      while (!settled.signal.aborted) {
        const left = Math.max(began, host.movedAt()) + limit - performance.now();
        if (left <= 0) throw stalled(host.status(), limit);
        await host.waitForMove(left, settled.signal);
      }
      return appended;
    })();
    return Promise.race([appended, watch]);
  }

  await source.run({
    sensor: host.sensor,
    signal,
    log: host.log,
    now: host.now,
    resumeAfter: host.resumeAfter,
    async report(batch) {
      const run = await accepted(batch);
      count.accepted += run.incidents.length;
      count.known += batch.length - run.incidents.length;
      for (const incident of run.incidents) {
        if (incident.misfit !== undefined) count.misfits += 1;
        if (!host.isKnown(incident.origin)) count.unknown += 1;
      }
    },
    async reject(reject) {
      count.rejected += 1;
      if (host.onReject === undefined) host.log.warning('is no incident', { ...reject, text: undefined });
      else await host.onReject(source.name, reject);
    },
    progress: (progress) => options.onProgress?.({ ...progress, ...count }),
  });
  return { ...count };
}

function stalled(lanes: readonly LaneStatus[], milliseconds: number): IhandlerError {
  const who = lanes
    .filter(({ waiting }) => waiting > 0)
    .map(({ instance, failure }) => `${instance}: ${failure ?? 'it has not answered'}`);
  return new IhandlerError(
    'STALLED',
    `No handler has moved on for ${Math.round(milliseconds / 1000)} seconds, so nothing more can be taken in.\n${who.join('\n')}`,
  );
}
