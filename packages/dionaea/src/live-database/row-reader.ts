import { setTimeout as wait } from 'node:timers/promises';
import { type Incident, parseIncidentId, type SourceContext } from '@ihandler/core';
import { type Cursor, createCursor, type Page } from '../database/cursor.ts';
import { describeConnection, lastRow } from '../database/identify.ts';
import { mergeInOrder } from '../database/merge.ts';
import { createConnectionsReader } from '../database/read-connections.ts';
import { createTableReader } from '../database/read-table.ts';
import { linksTable } from '../database/reading.ts';
import { tableMappings } from '../database/tables/tables.ts';
import { takeAnchors } from '../known-databases/recognise.ts';
import { createRowChecks, type RowChecks } from '../known-databases/row-checks.ts';
import { allRead } from '../known-databases/settle-runs.ts';
import { chooseRun, currentRun, type TableRuns, withAnchors } from '../known-databases/table-runs.ts';
import { joinRuns } from './join-runs.ts';
import { findLateLinks } from './late-links.ts';
import { countedTables, isSame, type LiveDatabase } from './open-live.ts';
import { checkOf, type LiveState, watchedConnections, writeState } from './state.ts';

/** How long the database is left alone after each page, in milliseconds. */
const pagePause = 2;

/** What a {@link RowReader} works with. */
export interface RowReaderSettings {
  readonly file: string;
  readonly live: LiveDatabase;
  readonly context: SourceContext;
  /** Receives each state that has become durable. */
  keep(state: LiveState): void;
}

/** Reads the rows that were added to a database since a state, and reports them, each time with the position reached. */
export class RowReader {
  readonly #file: string;
  readonly #live: LiveDatabase;
  readonly #context: SourceContext;
  readonly #keep: (state: LiveState) => void;

  /** The position that is durable. */
  #state: LiveState;
  /** The links that have been reported: the parent of each child. */
  readonly #links = new Map<number, number>();
  readonly #checks: RowChecks;

  /** `state` is the position from which to read. */
  constructor({ file, live, context, keep }: RowReaderSettings, state: LiveState) {
    this.#file = file;
    this.#live = live;
    this.#context = context;
    this.#keep = keep;
    this.#state = state;
    this.#checks = createRowChecks(live.reading.db, live.reading.layout);
    for (let at = 0; at + 1 < state.told.length; at += 2)
      this.#links.set(state.told[at] ?? 0, state.told[at + 1] ?? 0);
  }

  /**
   * Reads all rows that were added, in short steps, then checks the last connections for parents that were assigned late.
   * Returns false, without reading, when this is another database than the one of the state, or has other streams.
   */
  async readNewRows(): Promise<boolean> {
    const last = await this.#lastRows();
    if (last === undefined || (await this.#beginRuns())) return false;
    await this.#live.retryLocked(() => this.#live.reading.related.refresh());
    await this.#readTables(last);
    const end = await this.#passAll(last);
    await this.#reportLateLinks(end);
    return true;
  }

  /** The last row of every table, in one transaction; undefined when this is another database. */
  #lastRows(): Promise<ReadonlyMap<string, number> | undefined> {
    const { reading, retryLocked } = this.#live;
    const { db, layout } = reading;
    const existing = tableMappings.map(({ table }) => table).filter((table) => layout.has(table));
    const state = this.#state;
    return retryLocked(() =>
      db.transaction(() =>
        isSame(reading, state)
          ? new Map(['connections', ...existing].map((table) => [table, lastRow(db, table)]))
          : undefined,
      )(),
    );
  }

  /** Begins a further run of each table whose newest rows were deleted; whether there is one. An import may have begun it. */
  async #beginRuns(): Promise<boolean> {
    const { reading, retryLocked } = this.#live;
    const { rows, tables } = this.#state;
    const checks = this.#checks;
    const changed = await retryLocked(() =>
      checks.tables.filter((table) => chooseRun(checks, tables, table, rows[table] ?? -1, 'quick')),
    );
    if (changed.length === 0) return false;
    const [file, context] = [this.#file, this.#context];
    const joining = { reading, file, sensor: reading.sensor, context, retryLocked };
    const { rows: positions, tables: begun } = await joinRuns(joining, this.#state, changed);
    await this.#report([], { rows: positions, tables: begun });
    return true;
  }

  #cursorOf(after: number, last: number, read: (after: number, last: number) => Page): Cursor {
    return createCursor(after, last, async (from, to) => {
      const page = await this.#live.retryLocked(() => read(from, to));
      // A commit that had to wait for this page has its turn before the next one.
      await wait(pagePause, undefined, { signal: this.#context.signal });
      return page;
    });
  }

  /** Reports the rows of all tables up to the last ones. */
  async #readTables(last: ReadonlyMap<string, number>): Promise<void> {
    const { reading, retryLocked } = this.#live;
    const { rows } = this.#state;
    const done = { connections: rows['connections'] ?? -1, links: rows[linksTable] ?? -1 };
    const connections = this.#cursorOf(
      Math.min(done.connections, done.links),
      last.get('connections') ?? 0,
      await retryLocked(() => createConnectionsReader(reading, done)),
    );
    const others: Cursor[] = [];
    for (const mapping of tableMappings) {
      const end = last.get(mapping.table);
      if (end === undefined) continue;
      const read = await retryLocked(() => createTableReader(reading, mapping));
      others.push(this.#cursorOf(rows[mapping.table] ?? -1, end, read));
    }
    const context = { ...this.#context, report: (batch: readonly Incident[]) => this.#report(batch) };
    await mergeInOrder({ file: this.#file, connections, others, after: done.connections, context });
  }

  /** Saves that all rows have been read, also those without an incident; returns the last connection. */
  async #passAll(last: ReadonlyMap<string, number>): Promise<number> {
    const { rows } = this.#state;
    const ends: Record<string, number> = { ...rows };
    for (const [table, row] of last) {
      ends[table] = Math.max(ends[table] ?? -1, row);
    }
    const lastConnection = ends['connections'] ?? -1;
    ends[linksTable] = lastConnection;
    if (Object.keys(ends).some((table) => ends[table] !== rows[table])) {
      const { reading, retryLocked } = this.#live;
      const anchors = await retryLocked(() => takeAnchors(reading, this.#state.anchors));
      const tables = await retryLocked(() => allRead(this.#checks, this.#state.tables ?? {}, ends));
      await this.#report([], { rows: ends, anchors, tables });
    }
    return lastConnection;
  }

  /** Reports links to parents that dionaea assigned after the connection had been read. */
  async #reportLateLinks(lastConnection: number): Promise<void> {
    const { reading, retryLocked } = this.#live;
    const range = { from: lastConnection - watchedConnections, to: lastConnection };
    const firstOrdinal = Math.max(this.#state.late + 1, Math.floor(this.#context.now()));
    const late = await retryLocked(() => findLateLinks(reading, range, this.#links, firstOrdinal));
    if (late.length === 0) return;
    for (const { child, parent } of late) this.#links.set(child, parent);
    const incidents = late.map(({ incident }) => incident);
    const { ordinal } = parseIncidentId(incidents.at(-1)?.id ?? '');
    await this.#report(incidents, { late: ordinal });
  }

  async #report(batch: readonly Incident[], changes: Partial<LiveState> = {}): Promise<void> {
    const { reading, retryLocked } = this.#live;
    const rows = { ...this.#state.rows, ...changes.rows };
    let { lastLink } = this.#state;
    let runs: TableRuns = changes.tables ?? this.#state.tables ?? {};
    for (const incident of batch) {
      const place = reading.places.get(incident);
      if (place === undefined || !countedTables.includes(place.table)) continue;
      rows[place.table] = place.row;
      if (place.table !== linksTable || place.parent === undefined) continue;
      lastLink = place.row;
      this.#links.set(place.row, place.parent);
    }
    const last = rows['connections'] ?? -1;
    const row = await retryLocked(() => describeConnection(reading.db, reading.layout, last));
    if (changes.tables === undefined)
      runs = await retryLocked(() => {
        let read = runs;
        for (const table of this.#checks.tables) {
          const end = rows[table] ?? -1;
          if (end === this.#state.rows[table]) continue;
          const check = this.#checks.checkOf(table, end);
          const { anchors } = currentRun(read, table);
          if (check !== undefined) read = withAnchors(read, table, [[end, check], ...anchors.slice(0, 40)]);
        }
        return read;
      });
    const told = [...this.#links].filter(([child]) => child > last - watchedConnections).flat();
    const next = { ...this.#state, ...changes, rows, tables: runs, check: checkOf(row), told, lastLink };
    await this.#context.report(batch, { state: writeState(next) });
    this.#state = next;
    this.#keep(next);
  }
}
