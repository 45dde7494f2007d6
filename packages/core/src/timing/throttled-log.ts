import type { LogMethod } from '../contract/log.ts';

/** Logs events that may occur very often: the first at once, then one line a period that counts the others. */
export interface ThrottledLog {
  /**
   * Logs an event, unless the same message was logged less than a period ago: then it is counted, and logged with the
   * details of the latest one when the period ends. `count` says how many events this one stands for. The line has a field
   * `count` where it stands for more than one, or where a count was given.
   */
  log(message: string, details?: Readonly<Record<string, unknown>>, count?: number): void;
  /** Logs counted messages that were not logged yet. Call it when the owner closes. */
  flush(): void;
}

/** The events of one message in the current period. */
interface Period {
  timer: ReturnType<typeof setTimeout> | undefined;
  details: Readonly<Record<string, unknown>> | undefined;
  count: number;
  isCounted: boolean;
}

/**
 * Creates a throttled log that writes with `write`, such as `context.log.warn`. `period` is in milliseconds. Its timers do
 * not keep the process alive; memory is bounded by the number of different messages in a period.
 */
export function createThrottledLog(write: LogMethod, period: number = 60_000): ThrottledLog {
  const periods = new Map<string, Period>();

  function writeCounted(message: string, current: Period): void {
    const { count, isCounted, details } = current;
    if (count === 0) return;
    current.count = 0;
    current.isCounted = false;
    const isShown = isCounted || count > 1;
    write(message, isShown ? { ...details, count } : details);
  }

  function begin(message: string, current: Period): void {
    writeCounted(message, current);
    current.timer = setTimeout(() => {
      if (current.count === 0) periods.delete(message);
      else begin(message, current);
    }, period);
    current.timer.unref();
  }

  return {
    log(message, details, count) {
      const known = periods.get(message);
      const current = known ?? { timer: undefined, details, count: 0, isCounted: false };
      current.details = details;
      current.count += count ?? 1;
      current.isCounted ||= count !== undefined;
      if (known !== undefined) return;
      periods.set(message, current);
      begin(message, current);
    },
    flush() {
      for (const [message, current] of periods) {
        clearTimeout(current.timer);
        writeCounted(message, current);
      }
      periods.clear();
    },
  };
}
