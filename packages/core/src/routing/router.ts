import { isWriting, type Listener } from '../contract/handler.ts';
import { compileEntryFilter, type EntryFilter } from './entry-filter.ts';
import { compileGlob } from './glob.ts';
import type { HandlerEntry } from './handler-entry.ts';

/** What an origin reaches in a handler. */
export interface Reached {
  /** In written order; none for a handler that writes. */
  readonly listeners: readonly Listener[];
  /** Whether the handler itself may have reported incidents of the origin: then the id tells. */
  readonly maybeOwn: boolean;
  /** What each incident must pass besides; undefined where the entry has no such filter. */
  readonly admits: EntryFilter | undefined;
}

/** A lane and what an origin reaches in it. */
export interface ReachedLane {
  readonly lane: number;
  readonly reached: Reached;
}

/** Who an origin reaches. Computed once an origin. */
export interface Route {
  /** By lane, undefined where it reaches nothing. */
  readonly lanes: readonly (Reached | undefined)[];
  /** Only those it reaches; the very same list for all origins that reach the same listeners. */
  readonly reached: readonly ReachedLane[];
  /** Whether the origin has a schema: in the catalogue, or in the reports of a handler. */
  readonly known: boolean;
}

/** Finds the route of an origin. */
export interface Router {
  route(origin: string, misfit: boolean): Route;
}

interface Wish {
  readonly glob: string;
  readonly matches: (origin: string) => boolean;
  /**
   * Whether the glob may receive origins without a schema: `*`, and globs that no origin of the catalogue matches. What
   * handlers declare does not count: installing one must not take from the others what they got before.
   */
  readonly open: boolean;
  readonly listener?: Listener;
}

function wishesOf({ handler }: HandlerEntry, known: readonly string[]): readonly Wish[] {
  const globs: readonly (readonly [string, Listener | undefined])[] = isWriting(handler)
    ? handler.accepts.map((glob) => [glob, undefined] as const)
    : Object.entries(handler.on);
  return globs.map(([glob, listener]) => {
    const matches = compileGlob(glob);
    return { glob, matches, open: glob === '*' || !known.some(matches), ...(listener && { listener }) };
  });
}

function filterOf({ only, except }: HandlerEntry): (origin: string) => boolean {
  const wanted = only?.map(compileGlob);
  const unwanted = (except ?? []).map(compileGlob);
  return (origin) =>
    (wanted === undefined || wanted.some((matches) => matches(origin))) &&
    !unwanted.some((matches) => matches(origin));
}

/** Compiles the globs and filters of all entries. Throws `GLOB_INVALID` or `OPTIONS_INVALID`. */
export function createRouter(entries: readonly HandlerEntry[], knownOrigins: readonly string[]): Router {
  const reported = entries.flatMap(({ handler }) => Object.keys(handler.reports ?? {}));
  const known = new Set([...knownOrigins, ...reported]);
  const lanes = entries.map((entry) => ({
    entry,
    wishes: wishesOf(entry, knownOrigins),
    passes: filterOf(entry),
    admits: compileEntryFilter(entry),
    interned: new Map<string, Reached>(),
  }));
  const lists = new Map<string, readonly ReachedLane[]>();
  const fitting = new Map<string, Route>();
  const misfits = new Map<string, Route>();

  function compute(origin: string, misfit: boolean): Route {
    const isKnown = known.has(origin);
    let key = '';
    const reaches = lanes.map(({ wishes, passes, admits, entry, interned }) => {
      key += ';';
      if (!passes(origin)) return undefined;
      const granted = wishes.flatMap(({ glob, matches, open }, index) =>
        (misfit ? glob === '*' : open || isKnown) && matches(origin) ? [index] : [],
      );
      if (granted.length === 0) return undefined;
      const maybeOwn =
        origin === 'ihandler.handler.failed' || Object.hasOwn(entry.handler.reports ?? {}, origin);
      const laneKey = `${granted}${maybeOwn ? '!' : ''}`;
      key += laneKey;
      let reached = interned.get(laneKey);
      if (reached === undefined) {
        const listeners = granted.flatMap((index) => wishes[index]?.listener ?? []);
        reached = { listeners, maybeOwn, admits };
        interned.set(laneKey, reached);
      }
      return reached;
    });
    let reached = lists.get(key);
    if (reached === undefined) {
      reached = reaches.flatMap((found, lane) => (found === undefined ? [] : [{ lane, reached: found }]));
      lists.set(key, reached);
    }
    return { known: isKnown, lanes: reaches, reached };
  }

  return {
    route(origin, misfit) {
      const routes = misfit ? misfits : fitting;
      let route = routes.get(origin);
      if (route === undefined) {
        route = compute(origin, misfit);
        // Origins come from outside: whoever floods us with new ones costs time, not memory.
        if (routes.size < 10_000) routes.set(origin, route);
      }
      return route;
    },
  };
}
