import { randomBytes } from 'node:crypto';
import { knownOrigins } from './catalogue/index.ts';
import { checkEntries } from './check-entries.ts';
import { createIncident } from './create-incident.ts';
import type { Dispatcher, DispatcherOptions } from './dispatcher-options.ts';
import { describeError, IhandlerError } from './error.ts';
import { createGate } from './gate.ts';
import type { ReportOptions } from './handler.ts';
import type { Incident, UntypedData } from './incident.ts';
import { formatIncidentId, parseIncidentId, reportedStream } from './incident-id.ts';
import type { JournalRun } from './journal.ts';
import { createLane, type LaneHost } from './lane.ts';
import { silentLog } from './log.ts';
import { checkReport, reportedIncident } from './reporting.ts';
import { pause, retryOf } from './retry.ts';
import { createRouter, type Route } from './route.ts';
import { runSource } from './run-source.ts';

export type * from './dispatcher-options.ts';

/** Puts handlers on a journal. Throws `HANDLER_INVALID`, `GLOB_INVALID` or `CONTRACT_UNKNOWN` for what cannot work. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  checkEntries(options.handlers);
  const { journal, sensor } = options;
  const now = options.now ?? Date.now;
  const log = options.log ?? (() => silentLog);
  const router = createRouter(options.handlers, knownOrigins());
  const life = new AbortController();
  /** Names this life of the process in the ids of what is reported outside deliveries. */
  const lifeStream = randomBytes(9).toString('base64url');
  const moved = createGate();
  let counter = 0;
  let liveTo = 0;
  let released = 0;
  let state: 'new' | 'open' | 'closed' = 'new';
  let closing: Promise<void> | undefined;

  const host: LaneHost = {
    journal,
    router,
    retry: retryOf(options.retry),
    batch: options.batch ?? 1000,
    dataDir: options.dataDir,
    context: (instance) => ({
      instance,
      sensor,
      durable: journal.durable,
      log: log(instance),
      now,
      fetch: options.fetch ?? globalThis.fetch,
      report: (origin: string, data: unknown, report?: ReportOptions) =>
        reportOutside(instance, origin, data, report),
    }),
    appended: dispatch,
    moved: release,
    liveTo: () => liveTo,
    deadLetter: (letter) => options.onDeadLetter?.(letter),
    startFailed: tellStartFailed,
  };
  const lanes = options.handlers.map((entry, index) => createLane(entry, index, host));

  /** Gives live lanes what was appended. When runs arrive out of order, everybody reads the journal instead. */
  function dispatch({ before, incidents }: JournalRun): void {
    const last = before + incidents.length;
    if (last <= liveTo) return;
    if (before === liveTo) offer(before, incidents);
    else for (const lane of lanes) lane.fallBehind();
    liveTo = last;
    for (const lane of lanes) if (!lane.isLive()) lane.wake();
  }

  function offer(before: number, incidents: readonly Incident[]): void {
    const live = lanes.map((lane) => (lane.isLive() ? lane : undefined));
    let position = before;
    let origin: string | undefined;
    let route: Route | undefined;
    for (const incident of incidents) {
      position += 1;
      if (incident.origin !== origin || incident.misfit !== undefined || route === undefined) {
        route = router.route(incident.origin, incident.misfit !== undefined);
        origin = incident.misfit === undefined ? incident.origin : undefined;
      }
      for (const { lane, reached } of route.reached) live[lane]?.offer(incident, position, reached);
    }
    for (const lane of live) lane?.offered(position);
  }

  /** Lets entries go that every lane has passed. */
  function release(): void {
    let lowest = Number.POSITIVE_INFINITY;
    for (const lane of lanes) lowest = Math.min(lowest, lane.position());
    if (lowest > released && lowest !== Number.POSITIVE_INFINITY) {
      released = lowest;
      journal.release(lowest);
    }
    moved.open();
  }

  function mustBeOpen(): void {
    if (state !== 'open')
      throw new IhandlerError(
        'LIFE_CYCLE',
        `The dispatcher is ${state}: report between start() and close().`,
      );
  }

  async function accept(batch: readonly Incident[]): Promise<JournalRun> {
    mustBeOpen();
    const frozen =
      batch[0] === undefined || Object.isFrozen(batch[0])
        ? batch
        : batch.map((incident) => createIncident(incident));
    const appended = journal.append(frozen);
    const run = appended instanceof Promise ? await appended : appended;
    dispatch(run);
    if (lanes.length === 0) journal.release(run.before + run.incidents.length);
    return run;
  }

  async function reportOutside(
    instance: string,
    origin: string,
    data: unknown,
    report?: ReportOptions,
  ): Promise<void> {
    const entry = options.handlers.find(({ handler, instance: name = handler.name }) => name === instance);
    if (entry !== undefined) checkReport(entry.handler, origin, data);
    counter += 1;
    const { cause } = report ?? {};
    const stream = reportedStream(
      cause === undefined ? lifeStream : parseIncidentId(cause.id).stream,
      instance,
      lifeStream,
    );
    // Safe: checkReport has just held the data against the schema that the handler declares.
    const plain = data as UntypedData;
    if (cause !== undefined) reportedIncident(cause, instance, 0, origin, plain, now()); // throws when the chain is too long
    const id = formatIncidentId(stream, counter);
    await accept([
      createIncident({ id, origin, timestamp: now(), sensor: cause?.sensor ?? sensor, data: plain }),
    ]);
  }

  function tellStartFailed(instance: string, error: unknown, attempts: number): void {
    const entry = options.handlers.find(({ handler, instance: name = handler.name }) => name === instance);
    counter += 1;
    const id = formatIncidentId(reportedStream(lifeStream, instance, 'start'), counter);
    const data = {
      instance,
      handler: entry?.handler.name ?? instance,
      message: describeError(error),
      attempts,
    };
    accept([createIncident({ id, origin: 'ihandler.handler.failed', timestamp: now(), sensor, data })]).catch(
      (problem: unknown) =>
        log().error('cannot tell that a handler does not start', { instance, error: describeError(problem) }),
    );
  }

  async function resumeAfter(stream: string): Promise<number | undefined> {
    const appended = await journal.highest(stream);
    if (journal.durable || lanes.length === 0) return appended;
    let lowest: number | undefined = Number.POSITIVE_INFINITY;
    for (const lane of lanes) {
      const stored = lane.stored(stream);
      lowest = stored === undefined || lowest === undefined ? undefined : Math.min(lowest, stored);
    }
    if (appended === undefined || lowest === undefined) return appended ?? lowest;
    return Math.max(appended, lowest);
  }

  async function start(): Promise<void> {
    if (state !== 'new') throw new IhandlerError('LIFE_CYCLE', `The dispatcher is ${state}: it starts once.`);
    await journal.open();
    state = 'open';
    liveTo = journal.bounds().last;
    const starts = await Promise.allSettled(lanes.map((lane) => lane.start()));
    const failures = starts.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    if (failures.length === 0) return;
    await close();
    throw failures.length === 1
      ? failures[0]
      : new AggregateError(failures, failures.map(describeError).join('\n'));
  }

  async function drain({
    stalledAfter = 60_000,
    signal,
  }: {
    stalledAfter?: number;
    signal?: AbortSignal;
  } = {}) {
    const began = performance.now();
    const leave = signal === undefined ? life.signal : AbortSignal.any([signal, life.signal]);
    while (!leave.aborted) {
      const behind = lanes.filter((lane) => !lane.isDone());
      if (behind.length === 0) {
        await Promise.all(lanes.map((lane) => lane.settle()));
        if (lanes.every((lane) => lane.isDone())) return [];
        continue;
      }
      const last = Math.max(began, ...behind.map((lane) => lane.movedAt()));
      const left = last + stalledAfter - performance.now();
      if (left <= 0) break;
      await waitForMove(left, leave);
    }
    return lanes.filter((lane) => !lane.isDone()).map((lane) => lane.status());
  }

  /** Waits until a lane moves on, so many milliseconds pass or the signal aborts. */
  async function waitForMove(milliseconds: number, signal: AbortSignal): Promise<void> {
    const timer = new AbortController();
    const stop = AbortSignal.any([signal, timer.signal]);
    await Promise.race([moved.wait(), pause(milliseconds, stop)]);
    timer.abort();
  }

  function close({ within = 8000 }: { within?: number } = {}): Promise<void> {
    closing ??= closeOnce(within);
    return closing;
  }

  async function closeOnce(within: number): Promise<void> {
    const wasOpen = state === 'open';
    state = 'closed';
    life.abort();
    if (!wasOpen) return;
    const timer = new AbortController();
    const settled = new Set<object>();
    const stops = lanes.map((lane) => lane.stop().then(() => settled.add(lane)));
    await Promise.race([Promise.all(stops), pause(within, timer.signal)]);
    timer.abort();
    for (const lane of lanes.toReversed()) {
      if (!settled.has(lane)) {
        log().error('does not end what it is doing: it is left alone', { instance: lane.instance });
        continue;
      }
      await lane
        .settle()
        .catch((error: unknown) => log().error('cannot acknowledge', { error: describeError(error) }));
      await lane.close();
    }
    await journal.close();
  }

  return {
    start,
    async report(batch) {
      await accept(batch);
    },
    run: (source, run = {}) =>
      runSource(source, run, {
        sensor,
        now,
        log: log(source.name),
        life: life.signal,
        isKnown: (origin) => router.route(origin, false).known,
        accept,
        resumeAfter,
        onReject: options.onReject,
        waitForMove,
        movedAt: () => Math.max(...lanes.map((lane) => lane.movedAt())),
        status: () => lanes.map((lane) => lane.status()),
      }),
    drain,
    status: () => lanes.map((lane) => lane.status()),
    async reopen() {
      await Promise.all(lanes.map((lane) => lane.reopen()));
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}
