import { describeError, failureKind, IhandlerError, temporary } from '../contract/error.ts';
import { CONTRACT } from '../contract/handler.ts';
import type { Incident, Value } from '../contract/incident.ts';
import type { JournalRun, SourceMark } from '../contract/journal.ts';
import type { Log } from '../contract/log.ts';
import type { Source, SourceReportOptions } from '../contract/source.ts';
import { backoffDelay, pause, type RetryPolicy } from '../timing/retry.ts';
import type {
  DispatcherOptions,
  LaneStatus,
  RunOptions,
  SourceOutcome,
  SourceStatus,
} from './dispatcher-options.ts';

/** What a source's run needs of the dispatcher. */
export interface SourceHost {
  readonly sensor: string;
  readonly log: Log;
  /** Aborts when the dispatcher closes. */
  readonly life: AbortSignal;
  /** Aborts with the error of a journal that can promise nothing any more. */
  readonly broken: AbortSignal;
  readonly onReject: DispatcherOptions['onReject'];
  now(): number;
  isKnown(origin: string): boolean;
  readonly retry: Required<RetryPolicy>;
  accept(batch: readonly Incident[], mark: SourceMark | undefined): Promise<JournalRun>;
  sourceState(instance: string): Promise<Value | undefined>;
  /** Keeps what is known of the source, for whoever asks. */
  tell(status: SourceStatus): void;
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
  const instance = options.instance ?? source.name;
  const count = { accepted: 0, known: 0, rejected: 0, misfits: 0, unknown: 0 };
  let state: SourceStatus['state'] = 'running';
  let since = host.now();
  let failure: string | undefined;
  let reportedAt: number | undefined;
  let newest: number | undefined;
  const signals = [host.life, host.broken];
  const signal = AbortSignal.any(options.signal === undefined ? signals : [...signals, options.signal]);

  function enter(next: SourceStatus['state'], problem?: string): void {
    if (next !== state) since = host.now();
    state = next;
    failure = problem;
    tell();
  }

  function tell(): void {
    host.tell({
      instance,
      source: source.name,
      state,
      since,
      ...count,
      ...(reportedAt !== undefined && { reportedAt }),
      ...(newest !== undefined && { newest }),
      ...(failure !== undefined && { failure }),
    });
  }

  /** Appends, and again for as long as the journal takes nothing at the moment. */
  async function accepted(batch: readonly Incident[], mark: SourceMark | undefined): Promise<JournalRun> {
    for (let failures = 0; ; failures += 1)
      try {
        const run = await watched(batch, mark);
        if (state === 'waiting') enter('running');
        return run;
      } catch (error) {
        if (failureKind(error) !== 'temporary' || signal.aborted) throw error;
        if (failures === 0) host.log.warn('waits: nothing is taken in', { error: describeError(error) });
        enter('waiting', describeError(error));
        await pause(backoffDelay(host.retry, failures, undefined), signal);
        if (signal.aborted) throw error;
      }
  }

  async function acceptedWithin(
    batch: readonly Incident[],
    mark: SourceMark | undefined,
    within: number,
  ): Promise<JournalRun> {
    const inTime = new AbortController();
    const late = pause(within, inTime.signal).then(() => {
      throw temporary(`Not durable within ${within} ms.`);
    });
    // When the append comes first nobody waits for this any more.
    late.catch(() => undefined);
    try {
      return await Promise.race([host.accept(batch, mark), late]);
    } finally {
      inTime.abort();
    }
  }

  async function watched(batch: readonly Incident[], mark: SourceMark | undefined): Promise<JournalRun> {
    if (options.stalledAfter === undefined) return host.accept(batch, mark);
    const limit = options.stalledAfter;
    const began = performance.now();
    const settled = new AbortController();
    const appended = host.accept(batch, mark).finally(() => settled.abort());
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

  async function report(
    batch: readonly Incident[],
    { within, state: kept }: SourceReportOptions = {},
  ): Promise<void> {
    const mark = kept === undefined ? undefined : { source: instance, state: kept };
    const run = await (within === undefined ? accepted(batch, mark) : acceptedWithin(batch, mark, within));
    count.accepted += run.incidents.length;
    count.known += batch.length - run.incidents.length;
    for (const incident of run.incidents) {
      if (incident.misfit !== undefined) count.misfits += 1;
      if (!host.isKnown(incident.origin)) count.unknown += 1;
      if (newest === undefined || incident.timestamp > newest) newest = incident.timestamp;
    }
    if (run.incidents.length > 0) reportedAt = host.now();
    tell();
  }

  tell();
  const running = source.run({
    instance,
    sensor: host.sensor,
    signal,
    log: host.log,
    now: host.now,
    resumeAfter: host.resumeAfter,
    report,
    state: () => host.sourceState(instance),
    async reject(reject) {
      count.rejected += 1;
      tell();
      if (host.onReject === undefined) host.log.warn('is no incident', { ...reject, text: undefined });
      else await host.onReject(source.name, reject);
    },
    progress: (progress) => options.onProgress?.({ ...progress, ...count }),
    disconnected(reason) {
      if (reason !== undefined) enter('disconnected', reason);
      else if (state === 'disconnected') enter('running');
    },
  });
  try {
    await Promise.race([running, brokenBefore(running, host.broken)]);
    host.broken.throwIfAborted();
  } catch (error) {
    enter(failureKind(error) === 'temporary' ? 'disconnected' : 'failed', describeError(error));
    throw error;
  }
  enter('ended');
  return { ...count };
}

/** Rejects when the journal breaks before a source has ended, whether the source notices or not. */
async function brokenBefore(running: Promise<unknown>, broken: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const end = () => ended.abort();
  running.then(end, end);
  await new Promise<void>((resolve) => {
    AbortSignal.any([broken, ended.signal]).addEventListener('abort', () => resolve(), { once: true });
    if (broken.aborted) resolve();
  });
  broken.throwIfAborted();
  await running;
}

function stalled(lanes: readonly LaneStatus[], milliseconds: number): IhandlerError {
  const who = lanes
    .filter(({ pending: waiting }) => waiting > 0)
    .map(({ instance, failure }) => `${instance}: ${failure ?? 'it has not answered'}`);
  return new IhandlerError(
    'STALLED',
    `No handler has moved on for ${Math.round(milliseconds / 1000)} seconds, so nothing more can be taken in.\n${who.join('\n')}`,
  );
}
