import { AsyncLocalStorage, createHook } from 'node:async_hooks';

/** Watches what a part of the program opens. */
export interface HandleWatch {
  /** Runs something; everything that it opens from now on, at whatever time, is its own. */
  run<T>(action: () => T): T;
  /** What it has opened that keeps the process alive: `Timeout`, `TCPSERVERWRAP`, …; what was closed in this turn of the event loop included. */
  open(): readonly string[];
  /** Ends the watch. */
  stop(): void;
}

/** A timer or a handle of libuv. */
interface Handle {
  hasRef(): boolean;
}

function isHandle(resource: object): resource is Handle {
  return 'hasRef' in resource && typeof resource.hasRef === 'function';
}

/**
 * Watches timers, sockets, servers, child processes, workers and watchers. Counting what is active in the whole process
 * would not do: test runners have timers of their own, which come and go.
 */
export function watchHandles(): HandleWatch {
  const scope = new AsyncLocalStorage<object>();
  const token = {};
  const handles = new Map<number, { readonly kind: string; readonly handle: Handle }>();
  const hook = createHook({
    init(id, kind, _trigger, resource: object) {
      if (isHandle(resource) && scope.getStore() === token) handles.set(id, { kind, handle: resource });
    },
    destroy: (id) => void handles.delete(id), // a timer that is over still says that it has a reference
  }).enable();
  return {
    run: (action) => scope.run(token, action),
    open: () => [...handles.values()].filter(({ handle }) => handle.hasRef()).map(({ kind }) => kind),
    stop: () => void hook.disable(),
  };
}
