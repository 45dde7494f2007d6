import type { Entry } from '../configuration/configuration.ts';

/** What a handler in a thread may use. */
export interface IsolationLimits {
  /** Bytes: of its heap, and as much again outside of it, such as buffers. */
  readonly memory: number;
  /** Milliseconds that a delivery may take; ten times as long to load, start, forget and close. */
  readonly timeout: number;
}

/** The limits of an entry that sets none. */
export const DEFAULT_LIMITS: IsolationLimits = { memory: 256 * 2 ** 20, timeout: 60_000 };

/** Packages of this scope are made with this host. */
const OWN_SCOPE = '@ihandler/host'.replace(/[^/]*$/, '');

/** Whether others than the makers of this host wrote a package. */
export function isForeignPackage(name: string): boolean {
  return !name.startsWith(OWN_SCOPE);
}

/** The limits of an entry whose handler is isolated; undefined for one that is not. The entry itself has the last word. */
export function isolationLimits(
  { isolate: own }: Pick<Entry, 'isolate'>,
  { isolate: common }: { readonly isolate?: 'foreign' | false | undefined },
  isForeign: boolean,
): IsolationLimits | undefined {
  if (own === false || (own === undefined && !(common === 'foreign' && isForeign))) return undefined;
  if (typeof own !== 'object') return DEFAULT_LIMITS;
  const { memory = DEFAULT_LIMITS.memory, timeout = DEFAULT_LIMITS.timeout } = own;
  return { memory, timeout };
}
