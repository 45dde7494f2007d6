import type { Log } from '../contract/log.ts';

/** Tells of incidents that were lost, at most once a minute. */
export interface LossLog {
  add(count: number): void;
  /** Tells at once what was not told yet, and ends. */
  flush(): void;
}

const MINUTE = 60_000;

/** Makes the log of one lane; its timer keeps no process alive. */
export function createLossLog(log: Log): LossLog {
  let count = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function tell(): void {
    if (count > 0) log.error('incidents were gone from the journal before they were handled', { count });
    count = 0;
  }

  function tellAndWait(): void {
    timer = undefined;
    if (count === 0) return;
    tell();
    timer = setTimeout(tellAndWait, MINUTE);
    timer.unref();
  }

  return {
    add(more) {
      count += more;
      if (timer === undefined) tellAndWait();
    },
    flush() {
      clearTimeout(timer);
      tell();
    },
  };
}
