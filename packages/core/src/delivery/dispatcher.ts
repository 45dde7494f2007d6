import { knownOrigins } from '../catalogue/index.ts';
import { describeError, IhandlerError, isJournalFailed } from '../contract/error.ts';
import type { Incident } from '../contract/incident.ts';
import type { DeadLetter, JournalRun, SourceMark } from '../contract/journal.ts';
import { silentLog } from '../contract/log.ts';
import { createIncident } from '../incident/create-incident.ts';
import { createDeclaredCheck } from '../incident/declared-origins.ts';
import { checkEntries } from '../routing/check-entries.ts';
import { createRouter } from '../routing/router.ts';
import { createNotifier } from '../timing/notifier.ts';
import { withRetryDefaults } from '../timing/retry.ts';
import { settlesWithin } from '../timing/settles-within.ts';
import type { Dispatcher, DispatcherOptions, SourceStatus } from './dispatcher-options.ts';
import { drain, waitForMove } from './drain.ts';
import { forget } from './forget.ts';
import { createHandlerReports } from './handler-reports.ts';
import { createLane } from './lane/lane.ts';
import type { LaneHost } from './lane/lane-host.ts';
import type { Lane } from './lane/lane-types.ts';
import { createLiveFeed } from './live-feed.ts';
import { runSource } from './source-run.ts';

/** Puts handlers on a journal. Throws an IhandlerError, as `HANDLER_INVALID` or `GLOB_INVALID`, for what cannot work. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  checkEntries(options.handlers);
  const { journal, sensor } = options;
  const now = options.now ?? Date.now;
  const log = options.log ?? (() => silentLog);
  const router = createRouter(options.handlers, knownOrigins());
  const checkDeclared = createDeclaredCheck(
    options.handlers.map(({ handler }) => handler),
    knownOrigins(),
  );
  const life = new AbortController();
  /** Aborts with the error of a journal that can promise nothing any more. */
  const broken = new AbortController();
  const moved = createNotifier();
  const retry = withRetryDefaults(options.retry);
  const sources = new Map<string, SourceStatus>();
  let released = 0;
  let state: 'new' | 'opening' | 'open' | 'closed' = 'new';
  let opening: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  const host: LaneHost = {
    journal,
    router,
    retry,
    batch: options.batch ?? 1000,
    dataDir: options.dataDir,
    context: (entry) => ({
      instance: entry.instance ?? entry.handler.name,
      sensor,
      durable: journal.durable,
      log: log(entry.instance ?? entry.handler.name),
      now,
      fetch: options.fetch ?? globalThis.fetch,
      report: outside.reporter(entry),
    }),
    appended,
    moved: release,
    liveTo: () => feed.position(),
    deadLetter: tellDeadLetter,
    startFailed: (instance, handler, message) => outside.startFailed(instance, handler, message),
    journalFailed,
  };
  const outside = createHandlerReports({ sensor, now, mustBeOpen, laneOf, log: () => log() });
  const lanes: readonly Lane[] = options.handlers.map((entry, index) => createLane(entry, index, host));

  const feed = createLiveFeed(lanes, router);

  /** Gives lanes what was appended; those that it does not concern may have passed it by now. */
  function appended(run: JournalRun): void {
    feed.appended(run);
    release();
  }

  /** Lets entries go that every lane has passed. */
  function release(): void {
    let lowest = Number.POSITIVE_INFINITY;
    for (const lane of lanes) lowest = Math.min(lowest, lane.committed());
    if (lowest > released && lowest !== Number.POSITIVE_INFINITY) {
      released = lowest;
      journal.release(lowest);
    }
    moved.notify();
  }

  /** Nothing is accepted or acknowledged any more. */
  function journalFailed(error: unknown): void {
    if (broken.signal.aborted) return;
    broken.abort(error);
    log().error('the journal can promise nothing any more: end this process', {
      error: describeError(error),
    });
    for (const lane of lanes) lane.stop().catch(() => undefined); // it has said itself why it stopped
    moved.notify();
    try {
      options.onJournalFailed?.(error);
    } catch (problem) {
      log().error('cannot tell that the journal has failed', { error: describeError(problem) });
    }
  }

  function mustBeOpen(): void {
    broken.signal.throwIfAborted();
    if (state !== 'open')
      throw new IhandlerError(
        'LIFE_CYCLE',
        `The dispatcher is ${state}: report between start() and close().`,
      );
  }

  async function accept(batch: readonly Incident[], mark?: SourceMark): Promise<JournalRun> {
    mustBeOpen();
    const frozen =
      batch[0] === undefined || Object.isFrozen(batch[0])
        ? batch
        : batch.map((incident) => createIncident(incident));
    const checked = checkDeclared(frozen);
    let run: JournalRun;
    try {
      const appending = journal.append(checked, mark);
      run = appending instanceof Promise ? await appending : appending;
    } catch (error) {
      if (isJournalFailed(error)) journalFailed(error);
      throw error;
    }
    appended(run);
    if (lanes.length === 0) journal.release(run.before + run.incidents.length);
    return run;
  }

  function tellDeadLetter(letter: DeadLetter): void {
    try {
      options.onDeadLetter?.(letter);
    } catch (error) {
      log().error('cannot tell of a dead letter', {
        incident: letter.incident.id,
        error: describeError(error),
      });
    }
  }

  function laneOf(instance: string): Lane {
    const lane = lanes.find((candidate) => candidate.instance === instance);
    if (lane === undefined) throw new IhandlerError('HANDLER_INVALID', `There is no instance ${instance}.`);
    return lane;
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

  async function openJournal(): Promise<void> {
    state = 'opening';
    try {
      await journal.open();
    } catch (error) {
      if (!life.signal.aborted) state = 'new';
      throw error;
    }
  }

  async function start(): Promise<void> {
    if (state !== 'new') throw new IhandlerError('LIFE_CYCLE', `The dispatcher is ${state}: it starts once.`);
    opening = openJournal();
    await opening;
    if (life.signal.aborted)
      throw new IhandlerError('LIFE_CYCLE', 'The dispatcher was closed while it opened its journal.');
    state = 'open';
    feed.begin(journal.bounds().last);
    const starts = await Promise.allSettled(lanes.map((lane) => lane.start()));
    const failures = starts.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    if (failures.length === 0) return;
    await close();
    throw failures.length === 1
      ? failures[0]
      : new AggregateError(failures, failures.map(describeError).join('\n'));
  }

  function close({ within = 8000 }: { within?: number } = {}): Promise<void> {
    closing ??= closeOnce(within);
    return closing;
  }

  async function closeOnce(within: number): Promise<void> {
    const was = state;
    state = 'closed';
    life.abort();
    if (was === 'opening' && (await opened())) await journal.close();
    if (was !== 'open') return;
    const stops = lanes.map((lane) => settlesWithin(lane.stop(), within));
    const hasStopped = await Promise.all(stops);
    for (const [index, lane] of [...lanes.entries()].toReversed()) {
      const inTime = hasStopped[index] === true && (await settlesWithin(closeLane(lane), within));
      if (!inTime)
        log().error('does not end what it is doing: it is left alone', { instance: lane.instance });
    }
    try {
      await journal.close();
    } catch (error) {
      // Of one that has failed already everybody knows.
      if (!broken.signal.aborted) throw error;
    }
  }

  async function opened(): Promise<boolean> {
    try {
      await opening;
      return true;
    } catch {
      return false; // whoever called start is told
    }
  }

  async function closeLane(lane: Lane): Promise<void> {
    await lane
      .settle()
      .catch((error: unknown) => log().error('cannot acknowledge', { error: describeError(error) }));
    await lane.close();
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
        broken: broken.signal,
        retry,
        sourceState: async (instance) => journal.sourceState(instance),
        tell: (status) => sources.set(status.instance, status),
        isKnown: (origin) => router.route(origin, false).known,
        accept,
        resumeAfter,
        onReject: options.onReject,
        waitForMove: (milliseconds, signal) => waitForMove(moved, milliseconds, signal),
        movedAt: () => Math.max(...lanes.map((lane) => lane.movedAt())),
        status: () => lanes.map((lane) => lane.status()),
      }),
    drain: (draining) => drain({ lanes, moved, ends: [life.signal, broken.signal] }, draining),
    status: () => lanes.map((lane) => lane.status()),
    sources: () => [...sources.values()],
    async retryDeadLetters(instance, positions) {
      mustBeOpen();
      const [name = '', replay] = instance.split('@');
      return laneOf(name).retryDeadLetters(positions, replay);
    },
    async dropDeadLetters(instance, positions) {
      mustBeOpen();
      const wanted = positions && new Set(positions);
      const [name = '', replay] = instance.split('@');
      return laneOf(name).dropDeadLetters(({ position }) => wanted?.has(position) !== false, replay);
    },
    async replay(replay) {
      mustBeOpen();
      return laneOf(replay.instance).replay(replay);
    },
    async forget(networks) {
      mustBeOpen();
      return forget(networks, { journal, lanes });
    },
    async reopen() {
      await Promise.all(lanes.map((lane) => lane.reopen()));
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}
