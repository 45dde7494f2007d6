import { describeError, IhandlerError, isJournalFailed } from '../contract/error.ts';
import type { Incident } from '../contract/incident.ts';
import type { AppendOptions, DeadLetter, JournalRun, SourceMark } from '../contract/journal.ts';
import { silentLog } from '../contract/log.ts';
import { originOf } from '../contract/text/describe-failure.ts';
import { createIncident } from '../incident/create-incident.ts';
import { createDeclaredCheck } from '../incident/declared-origins.ts';
import { createOrigins } from '../origins/create-origins.ts';
import { ownOrigins } from '../origins/own-origins.ts';
import { checkEntries } from '../routing/check-entries.ts';
import { createRouter } from '../routing/router.ts';
import { withRetryDefaults } from '../timing/backoff.ts';
import { createNotifier } from '../timing/notifier.ts';
import { closeDispatcher } from './close-dispatcher.ts';
import { ownerOfRunningCode } from './code/code-owner.ts';
import { createLanes } from './create-lanes.ts';
import type { Dispatcher, DispatcherOptions } from './dispatcher-options.ts';
import { type DispatcherParts, laneStatus } from './dispatcher-parts.ts';
import { drain } from './drain.ts';
import type { Lane } from './lane/lane.ts';
import { createLiveFeed } from './live-feed.ts';
import { createOperations } from './operations.ts';
import { runSource } from './source-run.ts';

/**
 * Creates a dispatcher, which has not started. Throws an IhandlerError for entries that cannot work: `HANDLER_INVALID`,
 * `CONTRACT_UNKNOWN`, `GLOB_INVALID` or `OPTIONS_INVALID`.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  checkEntries(options.handlers);
  const { journal, sensor } = options;
  const now = options.now ?? Date.now;
  const log = options.log ?? (() => silentLog);
  const origins = createOrigins([ownOrigins, ...(options.origins ?? [])]);
  const router = createRouter(options.handlers, origins);
  const checkDeclared = createDeclaredCheck(
    options.handlers.map(({ handler }) => handler),
    origins,
  );
  const retry = withRetryDefaults(options.retry);
  const closing = new AbortController();
  /** Aborts with the error of a journal that has failed. */
  const failed = new AbortController();
  const moved = createNotifier();
  let released = 0;
  let state: 'new' | 'opening' | 'open' | 'closed' = 'new';
  let opening: Promise<void> | undefined;
  let closed: Promise<void> | undefined;

  const lanes: readonly Lane[] = createLanes(options, {
    now,
    log,
    origins,
    router,
    retry,
    events: { appended, moved: release, deadLetter, journalFailed },
    fedTo: () => feed.position(),
    mustBeOpen,
  });
  const feed = createLiveFeed(lanes, router);
  const parts: DispatcherParts = {
    sensor,
    journal,
    origins,
    router,
    retry,
    lanes,
    sources: new Map(),
    onReject: options.onReject,
    otherStates: options.otherStates,
    checkpointed: new Set(
      options.handlers
        .filter(({ handler }) => 'checkpoint' in handler && handler.checkpoint !== undefined)
        .map(({ instance, handler }) => instance ?? handler.name),
    ),
    moved,
    closing: closing.signal,
    failed: failed.signal,
    now,
    log,
    mustBeOpen,
    accept,
  };

  /** Offers appended incidents to the lanes; those that it is not for may have passed it by now. */
  function appended(run: JournalRun): void {
    feed.appended(run);
    release();
  }

  /** Releases entries that every lane has passed. */
  function release(): void {
    let lowest = Number.POSITIVE_INFINITY;
    // A journal in memory is bounded by what the lanes have not passed: a paused one must not stop the sources.
    const holding = journal.durable ? lanes : lanes.filter((lane) => !lane.isPaused());
    for (const { cursor } of holding) lowest = Math.min(lowest, cursor.committed());
    if (lowest > released && lowest !== Number.POSITIVE_INFINITY) {
      released = lowest;
      journal.release(lowest);
    }
    moved.notify();
  }

  /** From here on nothing is accepted or acknowledged. */
  function journalFailed(error: unknown): void {
    if (failed.signal.aborted) return;
    failed.abort(error);
    log().error('journal failed: incidents can no longer be stored durably; end this process', {
      error: describeError(error),
    });
    for (const lane of lanes) lane.stop().catch(() => undefined); // the lane has logged why it stopped
    moved.notify();
    call('onJournalFailed', () => options.onJournalFailed?.(error));
  }

  function deadLetter(letter: DeadLetter): void {
    call('onDeadLetter', () => options.onDeadLetter?.(letter));
  }

  /** Calls a function of the options, which must not disturb the delivery. */
  function call(name: string, callback: () => void): void {
    try {
      callback();
    } catch (error) {
      log().error(`${name} failed`, { error: describeError(error) });
    }
  }

  /** The lane whose handler's code the stack of an error begins in. */
  function laneByPlace(error: unknown): Lane | undefined {
    const place = originOf(error);
    if (place === undefined) return undefined;
    const index = options.handlers.findIndex(({ location }) =>
      location === undefined ? false : [':', '/', '\\'].some((end) => place.startsWith(location + end)),
    );
    return lanes[index];
  }

  function uncaught(error: unknown): string | undefined {
    const owner = ownerOfRunningCode();
    const lane = owner === undefined ? laneByPlace(error) : undefined;
    owner?.fail(error);
    lane?.fail(error);
    return owner?.instance ?? lane?.instance;
  }

  function mustBeOpen(): void {
    failed.signal.throwIfAborted();
    if (state !== 'open')
      throw new IhandlerError(
        'LIFE_CYCLE',
        `The dispatcher is ${state}: call this between start() and close().`,
      );
  }

  async function accept(
    batch: readonly Incident[],
    mark?: SourceMark,
    options?: AppendOptions,
  ): Promise<JournalRun> {
    mustBeOpen();
    const frozen =
      batch[0] === undefined || Object.isFrozen(batch[0])
        ? batch
        : batch.map((incident) => createIncident(incident));
    const checked = checkDeclared(frozen);
    let run: JournalRun;
    try {
      const appending = journal.append(checked, mark, options);
      run = appending instanceof Promise ? await appending : appending;
    } catch (error) {
      if (isJournalFailed(error)) journalFailed(error);
      throw error;
    }
    appended(run);
    if (lanes.length === 0) journal.release(run.before + run.incidents.length);
    return run;
  }

  async function openJournal(): Promise<void> {
    state = 'opening';
    try {
      await journal.open();
    } catch (error) {
      if (!closing.signal.aborted) state = 'new';
      throw error;
    }
  }

  async function start(): Promise<void> {
    if (state !== 'new')
      throw new IhandlerError('LIFE_CYCLE', `The dispatcher is ${state}: it can start only once.`);
    opening = openJournal();
    await opening;
    if (closing.signal.aborted)
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
    closed ??= closeOnce(within);
    return closed;
  }

  async function closeOnce(within: number): Promise<void> {
    const was = state;
    state = 'closed';
    closing.abort();
    if (was === 'open') return closeDispatcher(parts, within);
    if (was !== 'opening') return;
    const isOpen = await opening?.then(
      () => true,
      () => false, // reported to the caller of start
    );
    if (isOpen) await journal.close();
  }

  return {
    start,
    isOpen: () => state === 'open',
    async report(batch) {
      await accept(batch);
    },
    run: (source, run = {}) => runSource(source, run, parts),
    drain: (draining) => drain(parts, draining),
    status: () => laneStatus(parts),
    sources: () => [...parts.sources.values()],
    ...createOperations(parts),
    running() {
      const owner = ownerOfRunningCode();
      return owner && { instance: owner.instance, position: owner.position };
    },
    uncaught,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}
