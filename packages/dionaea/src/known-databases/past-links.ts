import { type Incident, parseIncidentId, type SourceContext } from '@ihandler/core';
import type { RetryLocked } from '../database/open-database.ts';
import { linksTable } from '../database/read-connections.ts';
import type { Reading } from '../database/reading.ts';
import { findLateLinks, lateLinksTable } from '../live-database/late-links.ts';
import { watchedConnections } from '../live-database/state.ts';
import { streamName } from '../stream-name.ts';
import { type KnownDatabase, shortHash } from './state.ts';

/** Finds and remembers links, for dionaea assigns the parent of a connection some time after it adds the row. */
export interface PastLinks {
  /** Remembers the links in a batch that is reported. */
  remember(batch: readonly Incident[]): void;
  /** Reports the links of rows that an earlier import passed before they had a parent. */
  reportLate(): Promise<void>;
  /** The links to remember with the database. */
  toRemember(): KnownDatabase['links'];
}

function hashOf(links: ReadonlyMap<number, number>, upTo: number): string {
  const near = [...links].filter(([child]) => child <= upTo && child > upTo - watchedConnections);
  return shortHash(JSON.stringify(near.sort(([a], [b]) => a - b)));
}

function rowIn(connection: unknown): number {
  // Safe: the connection of a link from a database has an id that ends with its row.
  const id = String((connection as { readonly id?: unknown } | null)?.id ?? '');
  return Number(id.slice(id.lastIndexOf(':') + 1));
}

/**
 * Makes {@link PastLinks}. `done` is the last row whose link every handler has, -1 for none. The links up to that row, as they
 * are now, are reported together in a stream of their own, which is named after them, unless they are the ones that were
 * reported when the rows were read: handlers ignore links that they know, and importing again reports nothing.
 */
export function createPastLinks(
  reading: Reading,
  { identity, generation, links: known }: KnownDatabase,
  done: number,
  context: SourceContext,
  retryLocked: RetryLocked,
): PastLinks {
  const links = new Map<number, number>();
  const linkStream = reading.streamOf(linksTable);
  let last = done;

  function remember(batch: readonly Incident[]): void {
    for (const { id, data } of batch) {
      const { stream, ordinal } = parseIncidentId(id);
      if (stream !== linkStream) continue;
      links.set(ordinal, rowIn(data['parent']));
      last = Math.max(last, ordinal);
    }
  }

  return {
    remember,
    async reportLate() {
      if (done < 0) return;
      const range = { from: done - watchedConnections, to: done };
      const read = (stream: string) =>
        retryLocked(() =>
          findLateLinks(
            {
              ...reading,
              streamOf: (table) => (table === lateLinksTable ? stream : reading.streamOf(table)),
            },
            range,
            new Map(),
            0,
          ),
        );
      const found = await read('unnamed');
      for (const { child, parent } of found) links.set(child, parent);
      const hash = hashOf(links, done);
      if (found.length === 0 || known.some(([row, before]) => row === done && before === hash)) return;
      const { sensor } = reading;
      const place = `${generation} ${done}`;
      const stream = streamName('dionaea-database-links', sensor, identity, place, hash);
      const resume = (await context.resumeAfter(stream)) ?? -1;
      const late = (await read(stream)).slice(resume + 1).map(({ incident }) => incident);
      if (late.length > 0) await context.report(late);
    },
    toRemember() {
      if (last < 0 || known.some(([row]) => row === last)) return known;
      return [[last, hashOf(links, last)] as [number, string], ...known].slice(0, 8);
    },
  };
}
