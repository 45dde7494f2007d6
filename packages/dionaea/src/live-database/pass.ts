import { setTimeout as wait } from 'node:timers/promises';
import { type Incident, parseIncidentId, type SourceContext } from '@ihandler/core';
import { type Cursor, createCursor, type Page } from '../database/cursor.ts';
import { describeConnection, lastRow } from '../database/identify/identify.ts';
import { mergeInOrder } from '../database/merge.ts';
import { createConnectionsReader, linksTable } from '../database/read-connections.ts';
import { createTableReader } from '../database/read-table.ts';
import { tableMappings } from '../database/tables.ts';
import { findLateLinks } from './late-links.ts';
import { countedTables, isSame, type LiveDatabase } from './open-live.ts';
import { checkOf, type LiveState, watchedConnections, writeState } from './state.ts';

/** How long the database is left alone after each page, in milliseconds. */
const breath = 2;

/** Hands over what is new and keeps how far it is. */
export interface Passing {
  readonly file: string;
  readonly live: LiveDatabase;
  readonly context: SourceContext;
  /** Takes the state that has become durable. */
  keep(state: LiveState): void;
}

const rowOf = (id: unknown) =>
  typeof id === 'string' && /^c\d+$/.test(id) ? Number(id.slice(1)) : undefined;

/** The links that are remembered: of connections that are still watched. */
function watchedLinks(told: ReadonlyMap<number, number>, last: number): number[] {
  return [...told].filter(([child]) => child > last - watchedConnections).flat();
}

/**
 * Reads all rows that were added since the state, in short steps, then looks at the last connections for parents that came
 * late. Gives the state after that; undefined when it is another database.
 */
export async function passOver(
  { file, live, context, keep }: Passing,
  begin: LiveState,
): Promise<LiveState | undefined> {
  const { reading, patiently } = live;
  const { db, layout, streamOf } = reading;
  const tables = new Map(countedTables.map((table) => [streamOf(table), table]));
  let state = begin;
  const told = new Map<number, number>();
  for (let at = 0; at + 1 < begin.told.length; at += 2)
    told.set(begin.told[at] ?? 0, begin.told[at + 1] ?? 0);

  async function report(batch: readonly Incident[], changes: Partial<LiveState> = {}): Promise<void> {
    const rows = { ...state.rows, ...changes.rows };
    for (const { id, origin, data } of batch) {
      const { stream, ordinal } = parseIncidentId(id);
      const table = tables.get(stream);
      if (table === undefined) continue;
      rows[table] = ordinal;
      // Safe: whatever it is, its id may be asked for.
      const parent = rowOf((data['parent'] as { readonly id?: unknown } | undefined)?.id);
      if (table === linksTable && origin === 'dionaea.connection.link' && parent !== undefined)
        told.set(ordinal, parent);
    }
    const last = rows['connections'] ?? -1;
    const row = await patiently(() => describeConnection(db, layout, last));
    const next = { ...state, ...changes, rows, check: checkOf(row), told: watchedLinks(told, last) };
    await context.report(batch, { state: writeState(next) });
    state = next;
    keep(next);
  }

  const mappings = tableMappings.filter(({ table }) => layout.has(table));
  const last = await patiently(() =>
    db.transaction(() =>
      isSame(reading, begin)
        ? new Map(['connections', ...mappings.map(({ table }) => table)].map((t) => [t, lastRow(db, t)]))
        : undefined,
    )(),
  );
  if (last === undefined) return undefined;
  await patiently(() => reading.related.refresh());
  const cursorOf = (table: string, after: number, read: (after: number, last: number) => Page): Cursor =>
    createCursor(after, last.get(table) ?? 0, async (from, to) => {
      const page = await patiently(() => read(from, to));
      // A commit that had to wait for this page gets its turn before the next one.
      await wait(breath, undefined, { signal: context.signal });
      return page;
    });
  const taken = { connections: begin.rows['connections'] ?? -1, links: begin.rows[linksTable] ?? -1 };
  const connections = cursorOf(
    'connections',
    Math.min(taken.connections, taken.links),
    await patiently(() => createConnectionsReader(reading, taken)),
  );
  const others: Cursor[] = [];
  for (const mapping of mappings) {
    const read = await patiently(() => createTableReader(reading, mapping));
    others.push(cursorOf(mapping.table, begin.rows[mapping.table] ?? -1, read));
  }
  const handing = { ...context, report: (batch: readonly Incident[]) => report(batch) };
  await mergeInOrder({ file, connections, others, after: taken.connections, context: handing });

  // Rows that tell nothing have been passed as well.
  const ends: Record<string, number> = { ...state.rows };
  for (const [table, row] of last) ends[table] = Math.max(ends[table] ?? -1, row);
  ends[linksTable] = ends['connections'] ?? -1;
  if (Object.keys(ends).some((table) => ends[table] !== state.rows[table])) await report([], { rows: ends });

  const to = ends['connections'] ?? -1;
  const from = to - watchedConnections;
  const late = await patiently(() =>
    findLateLinks(reading, { from, to }, told, Math.max(state.late + 1, Math.floor(context.now()))),
  );
  if (late.length === 0) return state;
  for (const { child, parent } of late) told.set(child, parent);
  const { ordinal } = parseIncidentId(late.at(-1)?.incident.id ?? '');
  await report(
    late.map(({ incident }) => incident),
    { late: ordinal },
  );
  return state;
}
