import type { Log } from '../../../contract/log.ts';
import { describeFailure, logStack } from '../../../contract/text/describe-failure.ts';
import { createThrottledLog, type ThrottledLog } from '../../../timing/throttled-log.ts';

/** Errors that the code of a handler has not caught. */
export interface UncaughtErrors {
  readonly count: number;
  /** When the last one occurred, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** The last one, for people. */
  readonly last: string;
}

/** Counts and logs the uncaught errors of one handler. */
export class UncaughtErrorCounter {
  readonly #log: Log;
  readonly #throttled: ThrottledLog;
  readonly #now: () => number;
  #errors: UncaughtErrors | undefined;

  constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#throttled = createThrottledLog(log.error);
    this.#now = now;
  }

  /** Undefined when there were none. */
  get errors(): UncaughtErrors | undefined {
    return this.#errors;
  }

  add(error: unknown): void {
    const last = describeFailure(error);
    this.#errors = { count: (this.#errors?.count ?? 0) + 1, at: this.#now(), last };
    this.#throttled.log('an error of the handler was not caught', { error: last });
    logStack(error, this.#log);
  }

  /** Logs what the throttled log has kept back. */
  flush(): void {
    this.#throttled.flush();
  }
}
