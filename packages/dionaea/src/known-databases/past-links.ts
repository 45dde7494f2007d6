import type { Incident, SourceContext } from '@ihandler/core';
import { streamName } from '@ihandler/source-kit';
import type { RetryLocked } from '../database/open-database.ts';
import { linksTable, type Reading } from '../database/reading.ts';
import { findLateLinks, lateLinksTable } from '../live-database/late-links.ts';
import { watchedConnections } from '../live-database/state.ts';
import type { KnownDatabase } from './state.ts';
import { currentRun, newestNumber, type TableRuns } from './table-runs.ts';

/** Finds and remembers links, for dionaea assigns the parent of a connection some time after it adds the row. */
export interface PastLinks {
  /** Remembers the links in a batch that is reported. */
  remember(batch: readonly Incident[]): void;
  /** Reports the links of rows that an earlier import passed before they had a parent. */
  reportLate(): Promise<void>;
  /** The links to remember with the database. */
  toRemember(): KnownDatabase['links'];
}

/** The links near a row and before it: child, parent, child, … */
function near(links: ReadonlyMap<number, number>, upTo: number): number[] {
  return [...links]
    .filter(([child]) => child <= upTo && child > upTo - watchedConnections)
    .sort(([a], [b]) => a - b)
    .flat();
}

function pairs(list: readonly number[]): ReadonlyMap<number, number> {
  const map = new Map<number, number>();
  for (let at = 0; at + 1 < list.length; at += 2) map.set(list[at] ?? 0, list[at + 1] ?? 0);
  return map;
}

/**
 * The remembered links after {@link TableRuns} were chosen: when a further run of connections began, those of the rows before
 * it, as they were when the last row was read.
 */
export function linksKept(
  links: KnownDatabase['links'],
  runs: TableRuns,
  before: TableRuns | undefined,
): KnownDatabase['links'] {
  const [from] = currentRun(runs, linksTable).spans.at(-1) ?? [0];
  const isNew = newestNumber(currentRun(runs, linksTable)) > newestNumber(currentRun(before, linksTable));
  if (!isNew) return links;
  const [newest] = links.toSorted(([a], [b]) => b - a);
  const kept = links.filter(([row]) => row < from - 1);
  return newest === undefined
    ? []
    : [[Math.min(newest[0], from - 1), near(pairs(newest[1]), from - 1)] as [number, number[]], ...kept];
}

/**
 * Makes {@link PastLinks}. `done` is the last row whose link every handler has, -1 for none. The links up to that row, as they
 * are now and were not when the rows were read, are reported together in a stream of their own, which is named after them:
 * importing again reports nothing, and handlers ignore links that they know.
 */
export function createPastLinks(
  reading: Reading,
  { identity, generation, links: known }: KnownDatabase,
  done: number,
  context: SourceContext,
  retryLocked: RetryLocked,
): PastLinks {
  const links = new Map<number, number>();
  let last = done;

  function remember(batch: readonly Incident[]): void {
    for (const incident of batch) {
      const place = reading.places.get(incident);
      if (place?.table !== linksTable || place.parent === undefined) continue;
      links.set(place.row, place.parent);
      last = Math.max(last, place.row);
    }
  }

  return {
    remember,
    async reportLate() {
      if (done < 0) return;
      const range = { from: done - watchedConnections, to: done };
      const before = pairs(known.find(([row]) => row === done)?.[1] ?? []);
      const read = (stream: string, reported: ReadonlyMap<number, number>) =>
        retryLocked(() =>
          findLateLinks(
            {
              ...reading,
              streamOf: (table, row) => (table === lateLinksTable ? stream : reading.streamOf(table, row)),
            },
            range,
            reported,
            0,
          ),
        );
      for (const { child, parent } of await read('unnamed', new Map())) links.set(child, parent);
      const added = near(links, done).length === 0 ? [] : await read('unnamed', before);
      if (added.length === 0) return;
      const { sensor } = reading;
      const place = `${generation} ${done}`;
      const names = JSON.stringify(added.map(({ child, parent }) => [child, parent]));
      const stream = streamName('dionaea-database-links', sensor, identity, place, names);
      const resume = (await context.resumeAfter(stream)) ?? -1;
      const late = (await read(stream, before)).slice(resume + 1).map(({ incident }) => incident);
      if (late.length > 0) await context.report(late);
    },
    toRemember() {
      if (last < 0 || known.some(([row]) => row === last)) return known;
      return [[last, near(links, last)] as [number, number[]], ...known].slice(0, 3);
    },
  };
}
