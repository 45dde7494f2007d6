/** Something to wait for, again and again: `open` lets everybody through who waits now. */
export interface Notifier {
  wait(): Promise<void>;
  open(): void;
}

/** Makes a gate that is closed. */
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
    open() {
      resolve?.();
      promise = resolve = undefined;
    },
  };
}
