import type { Incident } from '@ihandler/core';
import type { Table } from '../schema/own-tables.ts';
import type { Row } from '../schema/tables.ts';
import type { ConnectionEnds } from './ends.ts';

/** Identifies a connection across incidents by sensor and id. Made by {@link connectionKey}. */
export type ConnectionKey = string & { readonly connectionKey: unique symbol };

/** The place of a row in the forest. */
export interface Place {
  /** The row of the parent, null for a root. */
  readonly parent: number | null;
  /** The row of the root; its own for a root. */
  readonly root: number;
}

/** A stored connection that has an id of its sensor. Sensors use ids again, so an id may have several. */
export interface NamedConnection {
  readonly row: number;
  /** The stream of the incident that announced it, as {@link ClusterState.streamName} returns it. */
  readonly stream: string;
  /** The ordinal of that incident. */
  readonly ordinal: number;
  /** The time of that incident in seconds; null when the database has none. */
  readonly time: number | null;
  /** Its ends as they were announced, see {@link connectionEnds}. Without them, only time and order tell connections apart. */
  readonly ends?: ConnectionEnds;
}

/** An incident that refers to a connection without a row. */
export interface WaitingIncident {
  /** Rises in order of arrival. */
  readonly number: number;
  /** The connection that the incident waits for. */
  readonly missing: ConnectionKey;
  /** The child of a link, even if the parent is missing; null for other incidents. */
  readonly child: ConnectionKey | null;
  /** Whether the child has been freed: such links are dropped first when there are too many. */
  readonly freed: boolean;
  readonly incident: Incident;
}

/**
 * The stored state that {@link cluster} needs for a batch. A store loads it for the connections that the batch names, and
 * saves the result in one transaction with the rows. It must not keep any of it in memory after a failed write.
 */
export interface ClusterState {
  /**
   * The rows of the connections that the batch names and that the incidents in {@link ClusterState.waiting} name (see
   * {@link connectionKeysIn}: a link that waits for its child also needs its parent, which the batch may not name). For each
   * key, the rows that were announced with `named`, in any order; of very many, the {@link SAME_ID_LIMIT} highest.
   */
  readonly rows: ReadonlyMap<ConnectionKey, readonly NamedConnection[]>;
  /** How this store names streams, when it does not store their names. @default unchanged */
  readonly streamName?: (stream: string) => string;
  /** The places of those rows. */
  readonly places: ReadonlyMap<number, Place>;
  /** The incidents that wait for a connection that the batch names, and the links to a child that it names, in rising `number`. */
  readonly waiting: readonly WaitingIncident[];
  /** The number of the next waiting incident. */
  readonly nextWaiting: number;
  /** The next free primary key of each table. */
  readonly nextKey: Readonly<Record<Table, number>>;
}

/** The connection that a new row stands for. A store keeps it beside dionaea's tables. */
export interface AnnouncedConnection {
  readonly row: number;
  readonly key: ConnectionKey;
  readonly sensor: string;
  /** The id that the sensor gave the connection. */
  readonly connectionId: string;
  /** The incident that announced it. */
  readonly incidentId: string;
  /** False for an announcement that gets a row and nothing else: SIP over TCP announces itself twice. */
  readonly named: boolean;
}

/** A row that was stored before this batch and now has a parent. */
export interface Move {
  readonly row: number;
  readonly parent: number;
  /** The new root of the row and of everything under it. */
  readonly root: number;
  /** Its root until now: the row itself, because only roots are linked. All rows with that root are under it. */
  readonly oldRoot: number;
}

/** The changes that a batch of incidents makes. */
export interface ClusterResult {
  /** New rows by table, in rising primary key; roots and parents of new connections are final. */
  readonly rows: Readonly<Record<Table, readonly Row[]>>;
  /** The incident of each new row, in the order of the rows. */
  readonly incidents: Readonly<Record<Table, readonly Incident[]>>;
  /** New connections, in rising row. */
  readonly announced: readonly AnnouncedConnection[];
  /** Moves of rows that were stored before, each row once, in any order. Apply them after the inserts. */
  readonly moves: readonly Move[];
  readonly waiting: {
    /** New entries, in rising number. */
    readonly added: readonly WaitingIncident[];
    /** Numbers of stored entries that are resolved. */
    readonly removed: readonly number[];
    /** Numbers of stored entries whose child has been freed. */
    readonly freed: readonly number[];
  };
  readonly nextWaiting: number;
  readonly nextKey: Readonly<Record<Table, number>>;
  readonly skipped: SkippedCounts;
}

/** How many incidents changed nothing, by reason. Waiting incidents are not counted. */
export interface SkippedCounts {
  /** Links that would have formed a cycle. */
  readonly cycle: number;
  /** Links to a second parent: a connection keeps its first one. */
  readonly conflict: number;
  /** Incidents that lack a required value. */
  readonly incomplete: number;
  /** Incidents that do not belong in any table. */
  readonly other: number;
}

/** How many connections with the same id a store loads, the newest rows first. */
export const SAME_ID_LIMIT = 200;

/**
 * How many incidents may wait. When there are more, a store drops and counts first those whose child has been freed, then
 * the others, each in rising `number`. The forest is the same in every order of arrival as long as no more than this many
 * incidents wait at the same time.
 */
export const WAITING_LIMIT = 10_000;
