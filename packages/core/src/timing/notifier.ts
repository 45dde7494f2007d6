/** Wakes everyone who waits, again and again. */
export interface Notifier {
  /** Resolves with the next `notify`. */
  wait(): Promise<void>;
  /** Resolves all current waits; later ones wait for the next call. */
  notify(): void;
}

/** Creates a notifier without waiters. */
export function createNotifier(): Notifier {
  let promise: Promise<void> | undefined;
  let resolve: (() => void) | undefined;
  return {
    wait() {
      promise ??= new Promise<void>((resolved) => {
        resolve = resolved;
      });
      return promise;
    },
    notify() {
      resolve?.();
      promise = resolve = undefined;
    },
  };
}
