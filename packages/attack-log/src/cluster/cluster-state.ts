import type { Incident } from '@ihandler/core';
import type { Row, Table } from '../schema/tables.ts';

/** What names a connection across incidents: the sensor and the id that the sensor gave. Made with {@link connectionKey}. */
export type ConnectionKey = string & { readonly connectionKey: unique symbol };

/** Where a row stands in the forest. */
export interface Place {
  /** The row of the parent, null for a root. */
  readonly parent: number | null;
  /** The row of the root; its own for a root. */
  readonly root: number;
}

/** Something that names a connection that has no row yet. */
export interface WaitingIncident {
  /** Rises in order of arrival. */
  readonly number: number;
  /** The connection that it waits for. */
  readonly missing: ConnectionKey;
  /** For a link, its child, whether or not that is what is missing. */
  readonly child: ConnectionKey | null;
  /** Whether the child was freed meanwhile: these leave first when there are too many. */
  readonly freed: boolean;
  readonly incident: Incident;
}

/**
 * What {@link cluster} needs to know before a batch. A store loads it for the connections that the batch names and saves
 * what comes back in the transaction of the rows; it keeps nothing of it in memory past a failed write.
 */
export interface ClusterState {
  /**
   * Of the connections that the batch names and of those that the incidents in {@link ClusterState.waiting} name (both
   * with {@link connectionKeysIn}: a link that waited for its child needs its parent, which the batch may not name), those
   * that have a row: the row announced last with `named`.
   */
  readonly rows: ReadonlyMap<ConnectionKey, number>;
  /** The places of those rows. */
  readonly places: ReadonlyMap<number, Place>;
  /** What waits for a connection that the batch names, or is a link to a child that it names, in rising `number`. */
  readonly waiting: readonly WaitingIncident[];
  /** The next number for what waits. */
  readonly nextWaiting: number;
  /** The next free primary key of each table. */
  readonly nextKey: Readonly<Record<Table, number>>;
}

/** A connection's row with what it stands for: kept beside dionaea's tables. */
export interface AnnouncedConnection {
  readonly row: number;
  readonly key: ConnectionKey;
  readonly sensor: string;
  /** The id that the sensor gave the connection. */
  readonly connectionId: string;
  /** The incident that announced it. */
  readonly incidentId: string;
  /** False for an announcement that gets a row but nothing else (SIP over TCP announces itself twice). */
  readonly named: boolean;
}

/** A row that was stored before this batch and now hangs under a parent. */
export interface Move {
  readonly row: number;
  readonly parent: number;
  /** The new root of the row and of everything under it. */
  readonly root: number;
  /** Its root until now: always the row itself, because only roots are linked; so all rows of that root are the ones under it. */
  readonly oldRoot: number;
}

/** What a batch of incidents changes. */
export interface ClusterResult {
  /** New rows by table, in rising primary key; roots and parents of new connections are final. */
  readonly rows: Readonly<Record<Table, readonly Row[]>>;
  /** New connections, in rising row. */
  readonly announced: readonly AnnouncedConnection[];
  /** Moves of rows stored before, each row once, in any order; to be applied after the inserts. */
  readonly moves: readonly Move[];
  readonly waiting: {
    /** To be kept, in rising number. */
    readonly added: readonly WaitingIncident[];
    /** Numbers of the state's entries that are resolved. */
    readonly removed: readonly number[];
    /** Numbers of the state's entries whose child was freed. */
    readonly freed: readonly number[];
  };
  readonly nextWaiting: number;
  readonly nextKey: Readonly<Record<Table, number>>;
  readonly skipped: SkippedCounts;
}

/** How many incidents changed nothing, by why. What waits is not among them. */
export interface SkippedCounts {
  /** Links that would have closed a circle. */
  readonly cycle: number;
  /** Links to a second parent: the first that was applied holds. */
  readonly conflict: number;
  /** Incidents that lack what their row needs. */
  readonly incomplete: number;
  /** Incidents that no table is meant for. */
  readonly other: number;
}

/**
 * How many entries may wait when nothing else is configured. When there are more, a store lets go first of those whose child was freed, lowest `number`
 * first, then of the others, lowest `number` first, and counts them. So the forest is the same in every order of arrival
 * as long as no more than this many others wait at the same time.
 */
export const WAITING_LIMIT = 10_000;
