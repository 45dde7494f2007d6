import {
  type Dispatcher,
  describeError,
  failureKind,
  isIhandlerError,
  type Log,
  type SourceOutcome,
  type SourceStatus,
} from '@ihandler/core';
import type { LiveSource } from '../assembly/load-sources.ts';
import { pauseFor } from './pause-for.ts';

/** The pause before the first further try, and the longest, in milliseconds. */
const SHORTEST = 1000;
const LONGEST = 60_000;
/** A source that has run for so long, in milliseconds, has started: what it throws later may pass. */
const STARTED = 10_000;

/** What supervision needs of the world. */
export interface Supervisor {
  readonly dispatcher: Pick<Dispatcher, 'run' | 'sources'>;
  /** Aborts when sources are to stop. */
  readonly signal: AbortSignal;
  readonly log: (name?: string) => Log;
}

/** Sources that run and are run again. */
export interface Supervision {
  /**
   * Resolves when all have stopped, after `signal` aborted; rejects with what only the user can put right when one throws
   * it as it starts.
   */
  readonly done: Promise<void>;
  /** Every source, counted over all its runs. One that does not stay up is `failed`, also while it is tried again. */
  status(): readonly SourceStatus[];
}

/** What is kept of a source over its runs. */
interface Kept {
  /** What the runs before the last one counted; with the last one's when that is over. */
  counted: SourceOutcome;
  isOver: boolean;
  reportedAt: number | undefined;
  newest: number | undefined;
  failing: { readonly since: number; readonly problem: string } | undefined;
}

const nothing: SourceOutcome = { accepted: 0, known: 0, rejected: 0, misfits: 0, unknown: 0 };

function sum(a: SourceOutcome, b: SourceOutcome): SourceOutcome {
  return {
    accepted: a.accepted + b.accepted,
    known: a.known + b.known,
    rejected: a.rejected + b.rejected,
    misfits: a.misfits + b.misfits,
    unknown: a.unknown + b.unknown,
  };
}

/** Whether this run has shown that it works. */
function hasStarted({ since, reportedAt }: SourceStatus): boolean {
  return reportedAt !== undefined || Date.now() - since > STARTED;
}

/** A source over all its runs. */
function overall(last: SourceStatus, own: Kept): SourceStatus {
  const reportedAt = last.reportedAt ?? own.reportedAt;
  const newest = last.newest ?? own.newest;
  const failing = own.isOver || !hasStarted(last) ? own.failing : undefined;
  return {
    ...last,
    ...(own.isOver ? own.counted : sum(own.counted, last)),
    ...(reportedAt !== undefined && { reportedAt }),
    ...(newest !== undefined && { newest }),
    ...(failing && { state: 'failed', since: failing.since, failure: failing.problem }),
  };
}

/** Runs all sources at once until told to stop, each again when it fails or ends, after 1 s, 2 s and so on up to 60 s. */
export function superviseSources(sources: readonly LiveSource[], supervisor: Supervisor): Supervision {
  const { dispatcher, signal, log } = supervisor;
  const kept = new Map(
    sources.map(({ instance }): [string, Kept] => [
      instance,
      { counted: nothing, isOver: false, reportedAt: undefined, newest: undefined, failing: undefined },
    ]),
  );
  const lastRun = (instance: string) => dispatcher.sources().find((status) => status.instance === instance);

  /** One run; says why it ended, unless it was told to. */
  async function runOnce({ instance, make }: LiveSource, isFirst: boolean): Promise<string | undefined> {
    const began = Date.now();
    try {
      await dispatcher.run(make(), { instance, signal });
      return signal.aborted ? undefined : 'it ended by itself';
    } catch (error) {
      if (signal.aborted) return undefined;
      const isForUser = isIhandlerError(error) && failureKind(error) !== 'temporary';
      const isNew = Date.now() - began < STARTED && lastRun(instance)?.reportedAt === undefined;
      if (isFirst && isForUser && isNew) throw error;
      return describeError(error);
    }
  }

  /** Takes down what a run counted, and that it failed. */
  function keep(own: Kept, last: SourceStatus, problem: string, wasUp: boolean): void {
    own.counted = sum(own.counted, last);
    own.isOver = true;
    own.reportedAt = last.reportedAt ?? own.reportedAt;
    own.newest = last.newest ?? own.newest;
    own.failing = { since: (wasUp ? undefined : own.failing?.since) ?? Date.now(), problem };
  }

  async function keepRunning(source: LiveSource): Promise<void> {
    const { instance } = source;
    for (let runs = 0, failures = 0; !signal.aborted; runs += 1) {
      const own = kept.get(instance);
      const began = Date.now();
      if (own) own.isOver = false;
      const problem = await runOnce(source, runs === 0);
      const last = lastRun(instance);
      if (problem === undefined) return;
      const lasted = Date.now() - began;
      if (own && last) keep(own, last, problem, last.reportedAt !== undefined || lasted > STARTED);
      if (lasted > LONGEST) failures = 0;
      const wait = Math.min(LONGEST, SHORTEST * 2 ** failures);
      failures += 1;
      log(instance).error(`has stopped, and is tried again in ${wait / 1000} s`, { error: problem });
      await pauseFor(wait, signal);
    }
  }

  const done = Promise.all(sources.map(keepRunning)).then(() => undefined);
  done.catch(() => undefined); // told to whoever waits for it

  return {
    done,
    status: () =>
      dispatcher.sources().map((last) => {
        const own = kept.get(last.instance);
        return own === undefined || signal.aborted ? last : overall(last, own);
      }),
  };
}
