import { AsyncLocalStorage, createHook } from 'node:async_hooks';

/** Watches the handles that a part of the program opens. */
export interface HandleWatch {
  /** Runs an action. Every handle that it opens, now or later, belongs to it. */
  run<T>(action: () => T): T;
  /** The kinds of its open handles that keep the process alive: `Timeout`, `TCPSERVERWRAP`, … Includes handles closed in this turn of the event loop. */
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
 * Watches timers, sockets, servers, child processes, workers and file watchers. It does not count the active handles of the
 * whole process, because test runners start and stop timers of their own.
 */
export function watchHandles(): HandleWatch {
  const scope = new AsyncLocalStorage<object>();
  const token = {};
  const handles = new Map<number, { readonly kind: string; readonly handle: Handle }>();
  const hook = createHook({
    init(id, kind, _trigger, resource: object) {
      if (isHandle(resource) && scope.getStore() === token) handles.set(id, { kind, handle: resource });
    },
    destroy: (id) => void handles.delete(id), // an expired timer still claims to have a reference
  }).enable();
  return {
    run: (action) => scope.run(token, action),
    open: () => [...handles.values()].filter(({ handle }) => handle.hasRef()).map(({ kind }) => kind),
    stop: () => void hook.disable(),
  };
}
