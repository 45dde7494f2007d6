import {
  type ClusterResult,
  type ClusterState,
  type ConnectionKey,
  cluster,
  connectionKeysIn,
  type NamedConnection,
  type Place,
  ROW_TABLES,
  type Table,
  WAITING_LIMIT,
} from '@ihandler/attack-log';
import type { Checkpoint, Incident, Origins } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import { completeDetails } from '../schema/detail-tables.ts';
import { createConnectionTable } from './connection-table.ts';
import { prepareInsert } from './insert-rows.ts';
import { createRowIds } from './row-ids.ts';
import { createStoredCheckpoint } from './stored-checkpoint.ts';
import { createWaitingTable } from './waiting-table.ts';

/** The result of a write. */
export type WriteOutcome =
  /** The batch is stored. `dropped`: waiting incidents that were dropped because of the limit. */
  | { readonly stored: true; readonly dropped: number }
  /** Nothing was written, because another program adds connections. `foreignRow`: the newest of them. */
  | { readonly stored: false; readonly foreignRow: number };

/** The attacks in an open database. */
export interface AttackStore {
  /**
   * Stores a batch with its checkpoint in one transaction. Skips incidents that the stored checkpoint covers. `origins` says
   * what the incidents mean.
   */
  write(batch: readonly Incident[], checkpoint: Checkpoint, origins: Origins): WriteOutcome;
  checkpoint(): Checkpoint;
  /** Accepts the connections that another program wrote, so that writes continue. */
  acceptForeignRows(): void;
}

// Safe: the keys of `ROW_TABLES` are the tables.
const tables = Object.keys(ROW_TABLES) as Table[];

/** Prepares the statements for a database whose schema is complete. */
export function createAttackStore(database: Database, waitingLimit: number = WAITING_LIMIT): AttackStore {
  // Databases of earlier versions lack them.
  completeDetails(database);
  const stored = createStoredCheckpoint(database);
  const waitingTable = createWaitingTable(database, waitingLimit);
  const connections = createConnectionTable(database);
  const rowIds = createRowIds(database);
  const inserts = tables.map((table) => [table, prepareInsert(database, table, ROW_TABLES[table])] as const);
  const highestKeys = database
    .prepare<[], number[]>(
      `SELECT ${tables.map((table) => `(SELECT coalesce(max(${ROW_TABLES[table][0]}), 0) FROM ${table})`).join(', ')}`,
    )
    .raw();
  const newestForeignRow = database
    .prepare(
      `SELECT newest FROM (SELECT connection AS newest FROM connections ORDER BY connection DESC LIMIT 1)
        WHERE newest > coalesce((SELECT value FROM ihandler_meta WHERE key = 'strangers_up_to'), 0)
        AND NOT EXISTS (SELECT 1 FROM ihandler_connections WHERE connection = newest)`,
    )
    .pluck();
  const acceptForeignRows = database.prepare(
    `INSERT INTO ihandler_meta (key, value)
      SELECT 'strangers_up_to', coalesce(max(connection), 0) FROM connections WHERE true
      ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
  );

  function load(incidents: readonly Incident[], origins: Origins): ClusterState {
    const named = connectionKeysIn(incidents, origins);
    const waiting = waitingTable.load(named);
    const rows = new Map<ConnectionKey, readonly NamedConnection[]>();
    const places = new Map<number, Place>();
    connections.load(named, rows, places);
    const more = waiting.map(({ incident }) => incident);
    connections.load(connectionKeysIn(more, origins), rows, places);
    const highest = highestKeys.get() ?? [];
    // The loop sets every property.
    const nextKey = {} as Record<Table, number>;
    tables.forEach((table, index) => {
      nextKey[table] = (highest[index] ?? 0) + 1;
    });
    return { rows, places, waiting, nextWaiting: waitingTable.next(), nextKey };
  }

  function save(result: ClusterResult): number {
    for (const [table, insert] of inserts) insert(result.rows[table]);
    connections.announce(result.announced);
    rowIds.save(result);
    connections.move(result.moves);
    return waitingTable.save(result.waiting);
  }

  const write = database.transaction(
    (batch: readonly Incident[], checkpoint: Checkpoint, origins: Origins): WriteOutcome => {
      const foreignRow: unknown = newestForeignRow.get();
      if (typeof foreignRow === 'number') return { stored: false, foreignRow };
      const incidents = stored.newOnes(batch, checkpoint);
      const dropped = save(cluster(incidents, load(incidents, origins), origins));
      stored.advance(checkpoint, incidents);
      return { stored: true, dropped };
    },
  );

  return {
    write: (batch, checkpoint, origins) => write.immediate(batch, checkpoint, origins),
    checkpoint: () => stored.read(),
    acceptForeignRows: () => {
      acceptForeignRows.run();
    },
  };
}
