import { IhandlerError } from '../../contract/error.ts';

/** Work that a lane does in its own turn, between deliveries: nothing else is given to its handler meanwhile. */
export interface LaneTasks {
  readonly size: number;
  /** Queues a job; settles as it does. Rejects with `LIFE_CYCLE` when the lane stops before its turn comes. */
  add<T>(job: () => Promise<T>): Promise<T>;
  /** Aborts when a job waits: what can be given back is to be given back then. Has aborted already when one does. */
  wanted(): AbortSignal;
  /** Does the job that has waited longest; never rejects. */
  next(): Promise<void>;
  /** Rejects what waits, and all that comes. */
  stop(): void;
}

interface Waiting {
  /** Never rejects. */
  run(): Promise<void>;
  cancel(reason: unknown): void;
}

/** Makes an empty queue for an instance; `wake` is called when something was queued. */
export function createLaneTasks(instance: string, wake: () => void): LaneTasks {
  let waiting: Waiting[] = [];
  let want = new AbortController();
  let isStopped = false;

  function stopped(): IhandlerError {
    return new IhandlerError('LIFE_CYCLE', `${instance} is closing: ask again when it runs.`);
  }

  return {
    get size() {
      return waiting.length;
    },
    add<T>(job: () => Promise<T>) {
      if (isStopped) return Promise.reject(stopped());
      return new Promise<T>((resolve, cancel) => {
        waiting.push({ run: () => job().then(resolve, cancel), cancel });
        want.abort();
        wake();
      });
    },
    wanted: () => want.signal,
    async next() {
      const job = waiting.shift();
      if (waiting.length === 0) want = new AbortController();
      await job?.run();
    },
    stop() {
      isStopped = true;
      const left = waiting;
      waiting = [];
      for (const { cancel } of left) cancel(stopped());
    },
  };
}
