import { isWriting, type Listener } from '../contract/handler.ts';
import type { Origins } from '../contract/meaning/origins.ts';
import { listenerFor, roleIn } from '../origins/role-listener.ts';
import { compileEntryFilter, type EntryFilter } from './entry-filter.ts';
import type { HandlerEntry } from './handler-entry.ts';
import { compileSelector } from './selector.ts';

/** The listeners of a handler that an origin matches. */
export interface Reached {
  /** In the order they are written; none for a handler that writes. */
  readonly listeners: readonly Listener[];
  /** Whether the handler itself may have reported incidents of the origin: their ids decide. */
  readonly maybeOwn: boolean;
  /** The filter that each incident must pass; undefined when the entry has none. */
  readonly admits: EntryFilter | undefined;
}

/** A lane, and the listeners in it that an origin matches. */
export interface ReachedLane {
  readonly lane: number;
  readonly reached: Reached;
}

/** Where incidents of an origin go. Computed once for each origin. */
export interface Route {
  /** By lane; undefined for a lane that does not get the origin. */
  readonly lanes: readonly (Reached | undefined)[];
  /** Only the lanes that get it; the same list object for all origins that match the same listeners. */
  readonly reached: readonly ReachedLane[];
  /** Whether the origin has a schema, declared by a package or in the `reports` of a handler. */
  readonly known: boolean;
}

/** Matches origins to listeners. */
export interface Router {
  route(origin: string, misfit: boolean): Route;
}

/** One glob of a handler. */
interface Subscription {
  readonly glob: string;
  readonly matches: (origin: string) => boolean;
  /**
   * Whether the glob also matches origins without a schema: `*`, and globs that no declared origin matches. What handlers
   * list in `reports` does not count.
   */
  readonly open: boolean;
  readonly listener?: Listener;
}

function subscriptionsOf(
  { handler }: HandlerEntry,
  origins: Origins,
  known: readonly string[],
): readonly Subscription[] {
  const globs: readonly (readonly [string, Listener | undefined])[] = isWriting(handler)
    ? handler.accepts.map((glob) => [glob, undefined] as const)
    : Object.entries(handler.on);
  return globs.map(([glob, listener]) => {
    const matches = compileSelector(glob, origins);
    // A host that runs listeners elsewhere finds the facts there.
    const isElsewhere = 'listenToMany' in handler && handler.listenToMany !== undefined;
    const heard = listener && !isElsewhere ? listenerFor(glob, listener) : listener;
    const open = glob === '*' || (roleIn(glob) === undefined && !known.some(matches));
    return { glob, matches, open, ...(heard && { listener: heard }) };
  });
}

function filterOf({ only, except, handler }: HandlerEntry, origins: Origins): (origin: string) => boolean {
  const wanted = only?.map((glob) => compileSelector(glob, origins));
  const unwanted = (except ?? []).map((glob) => compileSelector(glob, origins));
  return (origin) =>
    (wanted === undefined || wanted.some((matches) => matches(origin))) &&
    !unwanted.some((matches) => matches(origin)) &&
    handler.wants?.(origin, origins) !== false;
}

/**
 * Compiles the globs and filters of all entries. Throws `GLOB_INVALID` or `OPTIONS_INVALID`.
 */
export function createRouter(entries: readonly HandlerEntry[], origins: Origins): Router {
  const reported = entries.flatMap(({ handler }) => Object.keys(handler.reports ?? {}));
  const declared = Object.keys(origins.all());
  const known = new Set([...declared, ...reported]);
  const lanes = entries.map((entry) => ({
    entry,
    subscriptions: subscriptionsOf(entry, origins, declared),
    passes: filterOf(entry, origins),
    admits: compileEntryFilter(entry),
    interned: new Map<string, Reached>(),
  }));
  const lists = new Map<string, readonly ReachedLane[]>();
  const fitting = new Map<string, Route>();
  const misfits = new Map<string, Route>();

  function compute(origin: string, misfit: boolean): Route {
    const isKnown = known.has(origin);
    let key = '';
    const reachedByLane = lanes.map(({ subscriptions, passes, admits, entry, interned }) => {
      key += ';';
      if (!passes(origin)) return undefined;
      const matched = subscriptions.flatMap(({ glob, matches, open }, index) =>
        (misfit ? glob === '*' : open || isKnown) && matches(origin) ? [index] : [],
      );
      if (matched.length === 0) return undefined;
      const maybeOwn =
        origin === 'ihandler.handler.failed' || Object.hasOwn(entry.handler.reports ?? {}, origin);
      const laneKey = `${matched}${maybeOwn ? '!' : ''}`;
      key += laneKey;
      let reached = interned.get(laneKey);
      if (reached === undefined) {
        const listeners = matched.flatMap((index) => subscriptions[index]?.listener ?? []);
        reached = { listeners, maybeOwn, admits };
        interned.set(laneKey, reached);
      }
      return reached;
    });
    let reached = lists.get(key);
    if (reached === undefined) {
      reached = reachedByLane.flatMap((each, lane) => (each === undefined ? [] : [{ lane, reached: each }]));
      lists.set(key, reached);
    }
    return { known: isKnown, lanes: reachedByLane, reached };
  }

  return {
    route(origin, misfit) {
      const routes = misfit ? misfits : fitting;
      let route = routes.get(origin);
      if (route === undefined) {
        route = compute(origin, misfit);
        // Origins come from outside: a flood of new ones costs time, not memory.
        if (routes.size < 10_000) routes.set(origin, route);
      }
      return route;
    },
  };
}
