import type { SourceContext } from '@ihandler/core';
import { type LiveState, readState } from '../live-database/state.ts';
import { type KnownDatabase, readKnownDatabases } from './state.ts';
import { newestNumber } from './table-runs.ts';

/** How many anchors an earlier database of a live source keeps. */
const fewAnchors = 12;

/** The database of a live state, as an import remembers one. `sensor` is for states that do not name theirs. */
export function databaseOf(state: LiveState, sensor: string): KnownDatabase {
  const { identity, generation, rows, check, told, lastLink, tables } = state;
  const last = rows['connections'] ?? -1;
  const anchors = (state.anchors ?? []).filter(([row]) => row !== last);
  return {
    sensor: state.sensor ?? sensor,
    identity,
    generation,
    file: state.file ?? '',
    anchors: last < 0 ? anchors : [[last, check], ...anchors],
    links: lastLink === undefined ? [] : [[lastLink, [...told]]],
    tables,
  };
}

/** The databases that a live source has read: the one of its state and those before it. */
export function databasesOf(state: LiveState, sensor: string): readonly KnownDatabase[] {
  return [databaseOf(state, sensor), ...(state.earlier ?? [])];
}

/** A database to remember in a state that is saved often: with few anchors, the newest ones and some before them. */
export function withFewAnchors(database: KnownDatabase): KnownDatabase {
  const { anchors } = database;
  const step = Math.max(1, Math.ceil(anchors.length / fewAnchors));
  const tables = Object.entries(database.tables ?? {}).map(([table, runs]) => [
    table,
    // The number of a stream is never used again.
    runs
      .filter((run, index) => index === 0 || newestNumber(run) > newestNumber(runs[0] ?? run))
      .map((run) => ({ ...run, anchors: run.anchors.slice(0, fewAnchors / 4) })),
  ]);
  return {
    ...database,
    anchors: anchors.filter((_, index) => index % step === 0),
    tables: Object.fromEntries(tables),
    links: [],
  };
}

/** The databases that other sources have read: live ones for an import, imports for a live one. */
export async function databasesOfOthers(
  context: Pick<SourceContext, 'otherStates'>,
  sensor: string,
): Promise<readonly KnownDatabase[]> {
  const states = (await context.otherStates?.()) ?? [];
  return states.flatMap((stored) => {
    const live = readState(stored);
    return live === undefined ? readKnownDatabases(stored) : databasesOf(live, sensor);
  });
}
