import { AsyncLocalStorage } from 'node:async_hooks';

/** The handler or source whose code runs. */
export interface CodeOwner {
  readonly instance: string;
  /** The position of the first incident of the running delivery; 0 outside deliveries. */
  readonly position: number;
  /** Counts an error that its code has not caught. */
  fail(error: unknown): void;
}

const owners = new AsyncLocalStorage<CodeOwner | undefined>();

/** Whose code runs at the moment; undefined for the host's own. */
export function ownerOfRunningCode(): CodeOwner | undefined {
  return owners.getStore();
}

/** Runs code of an owner. Promises, timers, sockets and streams that it starts belong to the owner, too. */
export function runAs<T>(owner: CodeOwner, work: () => T): T {
  return owners.run(owner, work);
}

/** Makes a function of the host for the contexts lent to handlers and sources: its work is not theirs. */
export function asHost<Args extends unknown[], T>(work: (...args: Args) => T): (...args: Args) => T {
  return (...args) => owners.run(undefined, work, ...args);
}
