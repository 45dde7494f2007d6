import { IhandlerError } from '../../contract/error.ts';

/** Work that a lane does in its own turn, between deliveries: its handler gets nothing else meanwhile. */
export interface LaneTasks {
  /** How many tasks wait for their turn. */
  readonly size: number;
  /** Queues a task; settles as the task does. Rejects with `LIFE_CYCLE` when the lane stops before its turn. */
  add<T>(task: () => Promise<T>): Promise<T>;
  /** Aborts when a task is queued: a delivery that would wait gives its batch back then. Aborted while tasks wait. */
  wanted(): AbortSignal;
  /** Runs the task that has waited longest. Never rejects. */
  runNext(): Promise<void>;
  /** Rejects the queued tasks, and all later ones. */
  stop(): void;
}

interface QueuedTask {
  /** Never rejects. */
  run(): Promise<void>;
  cancel(reason: unknown): void;
}

/** Creates an empty queue for an instance; `wake` is called when a task was queued. */
export function createLaneTasks(instance: string, wake: () => void): LaneTasks {
  let queue: QueuedTask[] = [];
  let wanted = new AbortController();
  let isStopped = false;

  function stopped(): IhandlerError {
    return new IhandlerError('LIFE_CYCLE', `${instance} is stopping: try again when it runs.`);
  }

  return {
    get size() {
      return queue.length;
    },
    add<T>(task: () => Promise<T>) {
      if (isStopped) return Promise.reject(stopped());
      return new Promise<T>((resolve, cancel) => {
        queue.push({ run: () => task().then(resolve, cancel), cancel });
        wanted.abort();
        wake();
      });
    },
    wanted: () => wanted.signal,
    async runNext() {
      const task = queue.shift();
      if (queue.length === 0) wanted = new AbortController();
      await task?.run();
    },
    stop() {
      isStopped = true;
      const left = queue;
      queue = [];
      for (const { cancel } of left) cancel(stopped());
    },
  };
}
