import { describeError, type HandlerContext } from '@ihandler/core';
import { createThrottledLog, DAY, HOUR, MINUTE } from '@ihandler/core/kit';

/** How often a store looks for attacks that have become too old, in milliseconds. */
export const SWEEP_INTERVAL = 10 * MINUTE;

/** Retention never removes an attack whose last connection is younger than this, in milliseconds. */
const YOUNGEST = HOUR;

/** Delay before the next step, in milliseconds: while there is more to remove, and when there is not. */
const BUSY_DELAY = 50;
const IDLE_DELAY = MINUTE;

/** The time, in seconds since the Unix epoch, before which an attack must have ended to be removed. Times and ages in milliseconds. */
export function removableBefore(now: number, keep = 0): number {
  return (now - Math.max(keep, YOUNGEST)) / 1000;
}

/** The oldest time that a sensor's clock can show, in seconds since the Unix epoch: dionaea was first released in 2009. */
export const EARLIEST_PLAUSIBLE = Date.UTC(2009) / 1000;

/**
 * The latest plausible time, in seconds since the Unix epoch; `now` in milliseconds. The age of a connection with an
 * implausible time counts from when retention first saw it.
 */
export function latestPlausible(now: number): number {
  return (now + DAY) / 1000;
}

/** The warning about connections with implausible times. */
export const CLOCK_WARNING =
  'the clock of a sensor is wrong: retention counts the age of its connections from their arrival';

/** The part of retention that depends on the database. */
export interface RetentionTask {
  /** Removes some attacks, in a short transaction. Answers whether there may be more to remove. */
  step(): boolean | Promise<boolean>;
  /** Turns a failure of a step into one with advice. */
  explain(error: unknown): unknown;
}

/** Retention of an open database. */
export interface RetentionTimer {
  /** Takes a step if one is due. A store with synchronous steps calls it after each write, so that a flood cannot starve retention. */
  stepIfDue(): void;
  /** Stops; resolves when the current step has ended. Failures of that step are ignored. */
  stop(): Promise<void>;
}

/** Takes steps one after the other, on a timer that does not keep the process alive; a step that fails is retried a minute later. */
export function startRetention(
  task: RetentionTask,
  { log, signal }: Pick<HandlerContext, 'log' | 'signal'>,
): RetentionTimer {
  const failures = createThrottledLog(log.warn, HOUR);
  let timer: NodeJS.Timeout | undefined;
  let due = 0;
  let current: Promise<void> | undefined;
  let stopped = false;

  function schedule(delay: number): void {
    if (stopped || signal.aborted) return;
    due = performance.now() + delay;
    timer = setTimeout(step, delay);
    timer.unref();
  }

  function succeed(more: boolean): void {
    current = undefined;
    schedule(more ? BUSY_DELAY : IDLE_DELAY);
  }

  function fail(error: unknown): void {
    current = undefined;
    if (!stopped) failures.log(`cannot remove old attacks, retrying: ${describeError(task.explain(error))}`);
    schedule(IDLE_DELAY);
  }

  function step(): void {
    clearTimeout(timer);
    if (stopped || signal.aborted || current !== undefined) return;
    try {
      const result = task.step();
      if (typeof result === 'boolean') succeed(result);
      else current = result.then(succeed, fail);
    } catch (error) {
      fail(error);
    }
  }

  const clear = () => clearTimeout(timer);
  signal.addEventListener('abort', clear, { once: true });
  schedule(0);
  return {
    stepIfDue() {
      if (performance.now() >= due) step();
    },
    async stop() {
      stopped = true;
      clear();
      signal.removeEventListener('abort', clear);
      await current;
      failures.flush();
    },
  };
}
