import type { Incident } from '../contract/incident.ts';
import type { JournalRun } from '../contract/journal.ts';
import type { ReachedLane, Route, Router } from '../routing/router.ts';
import type { Lane } from './lane/lane.ts';

/** Offers appended incidents to live lanes, as the objects that were reported, so that these need not read the journal. */
export interface LiveFeed {
  /** Begins after a position. */
  begin(position: number): void;
  /** Offers a run that was appended to the live lanes, in the order of the journal, and wakes the others. */
  appended(run: JournalRun): void;
  /** The position up to which live lanes have been offered everything. */
  position(): number;
}

/** How many origins of a run are remembered: comparing these few is faster than a look-up in the router. */
const FEW = 8;

function isIn(origins: readonly string[], origin: string): boolean {
  for (let at = 0; at < origins.length; at += 1) if (origins[at] === origin) return true;
  return false;
}

/** Creates the feed of these lanes. */
export function createLiveFeed(lanes: readonly Lane[], router: Router): LiveFeed {
  let fedTo = 0;
  /** Runs that arrived before the run they follow, by their `before`. */
  const early = new Map<number, JournalRun>();

  function appended(run: JournalRun): void {
    if (run.before > fedTo) {
      early.set(run.before, run);
      setImmediate(fallBack);
      return;
    }
    for (let next: JournalRun | undefined = run; next !== undefined; next = early.get(fedTo)) {
      early.delete(next.before);
      if (next.incidents.length === 0 || next.before < fedTo) break;
      offer(next.before, next.incidents);
      fedTo = next.before + next.incidents.length;
    }
    for (const lane of lanes) if (!lane.input.isLive) lane.wake();
  }

  /** The run that the early ones follow has not arrived: all lanes read the journal. */
  function fallBack(): void {
    if (early.size === 0) return;
    for (const { before, incidents } of early.values()) fedTo = Math.max(fedTo, before + incidents.length);
    early.clear();
    for (const lane of lanes) {
      lane.input.fallBehind();
      lane.wake();
    }
  }

  function routeOf({ origin, misfit }: Incident): Route {
    return router.route(origin, misfit !== undefined);
  }

  /** The lanes that get all of a run; undefined when its incidents go to different ones. */
  function common(incidents: readonly Incident[]): readonly ReachedLane[] | undefined {
    let list: readonly ReachedLane[] | undefined;
    const origins: string[] = [];
    for (let at = 0; at < incidents.length; at += 1) {
      const incident = incidents[at];
      if (incident === undefined) break;
      const fits = incident.misfit === undefined;
      if (fits && isIn(origins, incident.origin)) continue;
      const { reached } = routeOf(incident);
      list ??= reached;
      if (reached !== list) return undefined;
      if (fits && origins.length < FEW) origins.push(incident.origin);
    }
    return list?.some(({ reached }) => reached.maybeOwn || reached.admits) ? undefined : list;
  }

  function offer(before: number, incidents: readonly Incident[]): void {
    const live = lanes.map((lane) => (lane.input.isLive ? lane : undefined));
    const list = common(incidents);
    if (list !== undefined)
      for (const { lane, reached } of list) live[lane]?.input.offerRun(before, incidents, reached);
    else
      incidents.forEach((incident, index) => {
        for (const { lane, reached } of routeOf(incident).reached)
          live[lane]?.input.offer(incident, before + 1 + index, reached);
      });
    for (const lane of live) lane?.offered(before + incidents.length);
  }

  return {
    begin(position) {
      fedTo = position;
    },
    appended,
    position: () => fedTo,
  };
}
