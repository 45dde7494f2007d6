import {
  type Dispatcher,
  describeError,
  failureKind,
  isIhandlerError,
  type Log,
  type SourceOutcome,
  type SourceStatus,
} from '@ihandler/core';
import { backoffDelay, pause } from '@ihandler/core/kit';
import type { LiveSource } from '../assembly/load-sources.ts';

/** The delays between runs of a source that fails, in milliseconds: at least half of 1 s, 2 s, 4 s and so on. */
const BACKOFF = { base: 1000, cap: 60_000, jitter: 0.5 };
/** A source that has run for this long, in milliseconds, has started: its later errors do not end the program. */
const STARTED = 10_000;

/** What supervision needs of its surroundings. */
export interface Supervisor {
  readonly dispatcher: Pick<Dispatcher, 'run' | 'sources'>;
  /** Stops the sources when it aborts. */
  readonly signal: AbortSignal;
  readonly log: (name?: string) => Log;
}

/** Sources that run and are restarted. */
export interface Supervision {
  /**
   * Resolves when all sources have stopped, after `signal` aborted. Rejects when a source throws, as it starts, an error
   * that needs the user's attention.
   */
  readonly done: Promise<void>;
  /**
   * Every source, counted over all its runs. Until a restarted one has proved that it works, it is `disconnected` when its
   * last run ended with a temporary error, and `failed` when it ended otherwise.
   */
  status(): readonly SourceStatus[];
}

/** Why a run ended. */
interface RunFailure {
  readonly error: unknown;
  readonly problem: string;
  readonly state: 'disconnected' | 'failed';
}

/** The history of a source over its runs. */
interface History {
  /** The sum of the runs before the last one; with the last one when that is over. */
  counted: SourceOutcome;
  isOver: boolean;
  reportedAt: number | undefined;
  newest: number | undefined;
  lost: SourceStatus['lost'];
  failing: (RunFailure & { readonly since: number }) | undefined;
}

const nothing: SourceOutcome = { accepted: 0, known: 0, rejected: 0, misfits: 0, unknown: 0 };

function sum(a: SourceOutcome, b: SourceOutcome): SourceOutcome {
  return {
    accepted: a.accepted + b.accepted,
    known: a.known + b.known,
    rejected: a.rejected + b.rejected,
    misfits: a.misfits + b.misfits,
    unknown: a.unknown + b.unknown,
    ...((a.assumed ?? b.assumed) !== undefined && { assumed: (a.assumed ?? 0) + (b.assumed ?? 0) }),
  };
}

function sumLost(before: SourceStatus['lost'], last: SourceStatus['lost']): SourceStatus['lost'] {
  if (before === undefined || last === undefined) return last ?? before;
  return { ...last, count: before.count + last.count };
}

/** Whether the last run has proved that it works. */
function hasStarted({ since, reportedAt }: SourceStatus): boolean {
  return reportedAt !== undefined || Date.now() - since > STARTED;
}

/** The status of a source over all its runs. */
function overall(last: SourceStatus, history: History): SourceStatus {
  const reportedAt = last.reportedAt ?? history.reportedAt;
  const newest = last.newest ?? history.newest;
  const lost = history.isOver ? history.lost : sumLost(history.lost, last.lost);
  const failing = history.isOver || !hasStarted(last) ? history.failing : undefined;
  return {
    ...last,
    ...(history.isOver ? history.counted : sum(history.counted, last)),
    ...(reportedAt !== undefined && { reportedAt }),
    ...(newest !== undefined && { newest }),
    ...(lost && { lost }),
    ...(failing && { state: failing.state, since: failing.since, failure: failing.problem }),
  };
}

/** Adds a run that has ended to the history of its source. */
function addRun(history: History, last: SourceStatus, failure: RunFailure, wasUp: boolean): void {
  history.counted = sum(history.counted, last);
  history.lost = sumLost(history.lost, last.lost);
  history.isOver = true;
  history.reportedAt = last.reportedAt ?? history.reportedAt;
  history.newest = last.newest ?? history.newest;
  history.failing = { ...failure, since: (wasUp ? undefined : history.failing?.since) ?? Date.now() };
}

/** Runs all sources at once until the signal aborts, and restarts each that fails or ends, with back-off and jitter. */
export function superviseSources(sources: readonly LiveSource[], supervisor: Supervisor): Supervision {
  const { dispatcher, signal, log } = supervisor;
  const histories = new Map(
    sources.map(({ instance }): [string, History] => [
      instance,
      {
        counted: nothing,
        isOver: false,
        reportedAt: undefined,
        newest: undefined,
        lost: undefined,
        failing: undefined,
      },
    ]),
  );
  const lastRun = (instance: string) => dispatcher.sources().find((status) => status.instance === instance);

  /** Runs a source once. Returns why the run ended; undefined when the signal ended it. */
  async function runOnce({ instance, make }: LiveSource, isFirst: boolean): Promise<RunFailure | undefined> {
    const began = Date.now();
    try {
      await dispatcher.run(make(), { instance, signal });
      return signal.aborted
        ? undefined
        : { error: undefined, problem: 'the source ended by itself', state: 'failed' };
    } catch (error) {
      if (signal.aborted) return undefined;
      const isTemporary = failureKind(error) === 'temporary';
      const isNew = Date.now() - began < STARTED && lastRun(instance)?.reportedAt === undefined;
      if (isFirst && isIhandlerError(error) && !isTemporary && isNew) throw error;
      return { error, problem: describeError(error), state: isTemporary ? 'disconnected' : 'failed' };
    }
  }

  function report(instance: string, { problem, state }: RunFailure, delay: number): void {
    const details = { error: problem, retry: `${Math.ceil(delay / 1000)} s` };
    if (state === 'disconnected') log(instance).warn('disconnected, reconnecting', details);
    else log(instance).error('source stopped, restarting', details);
  }

  async function keepRunning(source: LiveSource): Promise<void> {
    const { instance } = source;
    const history = histories.get(instance);
    for (let runs = 0, failures = 0; !signal.aborted; runs += 1) {
      const began = Date.now();
      if (history) history.isOver = false;
      const failure = await runOnce(source, runs === 0);
      const last = lastRun(instance);
      if (failure === undefined) return;
      const lasted = Date.now() - began;
      if (history && last) addRun(history, last, failure, last.reportedAt !== undefined || lasted > STARTED);
      if (lasted > BACKOFF.cap) failures = 0;
      const delay = backoffDelay(BACKOFF, failures, failure.error);
      failures += 1;
      report(instance, failure, delay);
      await pause(delay, signal);
    }
  }

  const done = Promise.all(sources.map(keepRunning)).then(() => undefined);
  done.catch(() => undefined); // the caller gets it from `done`

  return {
    done,
    status: () =>
      dispatcher.sources().map((last) => {
        const history = histories.get(last.instance);
        return history === undefined || signal.aborted ? last : overall(last, history);
      }),
  };
}
