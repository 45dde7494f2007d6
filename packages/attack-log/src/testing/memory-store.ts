import type { Incident, Origins } from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';
import {
  type AnnouncedConnection,
  type ClusterResult,
  type ClusterState,
  type ConnectionKey,
  cluster,
  connectionEnds,
  connectionKeysIn,
  type NamedConnection,
  type Place,
  placeOf,
  ROW_TABLES,
  type Row,
  type Table,
  WAITING_LIMIT,
  type WaitingIncident,
} from '../index.ts';

const tables = Object.keys(ROW_TABLES) as Table[];
const perTable = <T>(value: (table: Table) => T) =>
  // Every table is a property.
  Object.fromEntries(tables.map((table) => [table, value(table)])) as Record<Table, T>;

/**
 * Does in memory what a database does with {@link cluster}: loads the state of a batch, applies the result as a whole, and
 * drops waiting incidents above a limit. Its whole state is in plain fields, as in tables.
 */
export class MemoryStore {
  readonly rows = perTable<Row[]>(() => []);
  readonly announced: AnnouncedConnection[] = [];
  readonly waiting = new Map<number, WaitingIncident>();
  /** The dropped incidents. */
  readonly evicted: WaitingIncident[] = [];
  readonly skipped = { cycle: 0, conflict: 0, incomplete: 0, other: 0 };
  private readonly keys = new Map<ConnectionKey, number>();
  private nextWaiting = 1;
  private readonly limit: number;
  private readonly origins: Origins;

  constructor(limit = WAITING_LIMIT, origins: Origins = createOrigins([])) {
    this.limit = limit;
    this.origins = origins;
  }

  /** Loads the state of a batch, as a copy of the stored data. */
  load(batch: readonly Incident[]): ClusterState {
    const named = connectionKeysIn(batch, this.origins);
    const waiting = [...this.waiting.values()].filter(
      ({ missing, child }) => named.has(missing) || (child !== null && named.has(child)),
    );
    const wanted = new Set([
      ...named,
      ...connectionKeysIn(
        waiting.map(({ incident }) => incident),
        this.origins,
      ),
    ]);
    const rows = new Map<ConnectionKey, NamedConnection[]>();
    const places = new Map<number, Place>();
    for (const { key, row, incidentId, named } of this.announced) {
      if (!named || !wanted.has(key)) continue;
      const [, , transport, , seconds, , , , localPort, remoteHost, , remotePort] =
        this.rows.connections[row - 1] ?? [];
      const ends = connectionEnds(transport, localPort, remoteHost, remotePort);
      const time = Number(seconds);
      rows.set(key, [...(rows.get(key) ?? []), { row, time, ends, ...placeOf(incidentId) }]);
      places.set(row, this.place(row));
    }
    const nextKey = perTable((table) => this.rows[table].length + 1);
    return { rows, places, waiting: structuredClone(waiting), nextWaiting: this.nextWaiting, nextKey };
  }

  /** Writes a batch. `fails` discards the result, as a rollback does. */
  write(batch: readonly Incident[], fails = false): void {
    const result = cluster(batch, this.load(batch), this.origins);
    if (!fails) this.apply(result);
  }

  /** Another store with the same stored data, as after a restart. */
  restarted(): MemoryStore {
    const { origins, ...fields } = this;
    return Object.assign(new MemoryStore(this.limit, origins), structuredClone(fields));
  }

  place(row: number): Place {
    const [root, parent] = (this.rows.connections[row - 1] ?? []).slice(5, 7) as [number, number | null];
    return { root, parent };
  }

  rowOf(key: ConnectionKey): number | undefined {
    return this.keys.get(key);
  }

  private apply(result: ClusterResult): void {
    for (const table of tables)
      for (const row of result.rows[table]) {
        if (row[0] !== this.rows[table].length + 1)
          throw new Error(`${table}: key ${row[0]} is out of order`);
        this.rows[table].push([...row]);
      }
    for (const announced of result.announced) {
      this.announced.push(announced);
      if (announced.named) this.keys.set(announced.key, announced.row);
    }
    for (const { row, parent, root, oldRoot } of result.moves)
      for (const stored of this.rows.connections) {
        if (stored[0] === row) stored[6] = parent;
        if (stored[5] === oldRoot) stored[5] = root;
      }
    for (const number of result.waiting.removed) this.waiting.delete(number);
    for (const number of result.waiting.freed) {
      const waiting = this.waiting.get(number);
      if (waiting !== undefined) this.waiting.set(number, { ...waiting, freed: true });
    }
    for (const waiting of result.waiting.added) this.waiting.set(waiting.number, waiting);
    this.nextWaiting = result.nextWaiting;
    for (const reason of ['cycle', 'conflict', 'incomplete', 'other'] as const)
      this.skipped[reason] += result.skipped[reason];
    this.evict();
  }

  private evict(): void {
    if (this.waiting.size <= this.limit) return;
    const leaving = [...this.waiting.values()].sort(
      (a, b) => Number(b.freed) - Number(a.freed) || a.number - b.number,
    );
    for (const waiting of leaving.slice(0, this.waiting.size - this.limit)) {
      this.waiting.delete(waiting.number);
      this.evicted.push(waiting);
    }
  }
}
