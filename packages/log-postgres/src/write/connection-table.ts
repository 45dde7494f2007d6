import {
  type ClusterResult,
  type ConnectionKey,
  connectionEnds,
  formerKey,
  type NamedConnection,
  type Place,
  placeOf,
  SAME_ID_LIMIT,
} from '@ihandler/attack-log';
import { parseIncidentId } from '@ihandler/core';
import type { Client, QueryConfig } from 'pg';
import { arrayLiteral } from '../database/array-literal.ts';
import { quoted } from '../schema/identifiers.ts';
import { storableText } from './fit.ts';
import { keyHash, streamHash } from './hash.ts';
import { insertion } from './insert-rows.ts';

/** Keys of connections by their hashes. */
export type KeysByHash = ReadonlyMap<string, ConnectionKey>;

/** Maps hashes to the keys of some connections. */
export function keysByHash(keys: Iterable<ConnectionKey>): KeysByHash {
  return new Map([...keys].map((key) => [keyHash(key), key]));
}

/** The rows of connections by sensor and id, and their places in the forest. */
export interface ConnectionTable {
  /** Adds the stored rows and places of these connections to the maps. */
  load(
    client: Client,
    named: KeysByHash,
    rows: Map<ConnectionKey, readonly NamedConnection[]>,
    places: Map<number, Place>,
  ): Promise<void>;
  /** The queries that store which connections new rows stand for, and that put stored rows under their parents. */
  changes(result: ClusterResult): readonly QueryConfig[];
}

interface StoredConnection {
  readonly key: string;
  readonly connection: string;
  readonly stream: string;
  readonly ordinal: string;
  readonly seconds: number | null;
  readonly root: string | null;
  readonly parent: string | null;
  readonly transport: string | null;
  readonly localPort: number | null;
  readonly remoteHost: string | null;
  readonly remotePort: number | null;
}

interface FormerConnection {
  readonly key: ConnectionKey;
  /** The ids of its announcement, also as a retried dead letter, with hashed streams. */
  readonly announcements: ReadonlySet<string>;
}

/** The connections that earlier versions may have stored under another key, by the hashes of those keys. */
function formerConnections(named: KeysByHash): ReadonlyMap<string, readonly FormerConnection[]> {
  const formers = new Map<string, FormerConnection[]>();
  for (const key of named.values()) {
    const former = formerKey(key);
    if (former === undefined) continue;
    const { stream, ordinal } = parseIncidentId(former.incidentId);
    const announcements = new Set(
      [stream, `${stream}~${ordinal}`].map((name) => `${streamHash(name)}:${ordinal}`),
    );
    append(formers, keyHash(former.key), { key, announcements });
  }
  return formers;
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** Prepares the statements. */
export function createConnectionTable(schema: string): ConnectionTable {
  const ours = `${quoted(schema)}.ihandler_connections`;
  const connections = `${quoted(schema)}.connections`;
  const announce = insertion(schema, 'ihandler_connections', [
    ['connection', 'bigint'],
    ['connection_key', 'uuid'],
    ['connection_id', 'text'],
    ['stream', 'bigint'],
    ['ordinal', 'bigint'],
  ]);
  const find = `SELECT wanted AS key, c.connection, o.stream, o.ordinal,
      extract(epoch FROM c.connection_timestamp)::float8 AS seconds,
      c.connection_root AS root, c.connection_parent AS parent, c.connection_transport AS transport,
      c.local_port AS "localPort", c.remote_host AS "remoteHost", c.remote_port AS "remotePort"
    FROM unnest($1::uuid[]) AS wanted
    JOIN LATERAL (SELECT connection, stream, ordinal FROM ${ours} WHERE connection_key = wanted
      ORDER BY connection DESC LIMIT ${SAME_ID_LIMIT}) AS o ON true
    JOIN ${connections} AS c ON c.connection = o.connection`;
  const move = `UPDATE ${connections} AS c SET connection_root = m.root,
      connection_parent = CASE WHEN c.connection = m.old THEN m.parent ELSE c.connection_parent END
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS m (old, root, parent)
    WHERE c.connection_root = m.old`;

  return {
    async load(client, named, rows, places) {
      if (named.size === 0) return;
      const formers = formerConnections(named);
      const values = [arrayLiteral([...new Set([...named.keys(), ...formers.keys()])])];
      const found = await client.query<StoredConnection>({ name: 'find connections', text: find, values });
      const lists = new Map<ConnectionKey, NamedConnection[]>();
      const formerLists = new Map<ConnectionKey, NamedConnection[]>();
      for (const stored of found.rows) {
        const row = Number(stored.connection);
        const { root, parent, stream, seconds } = stored;
        const ends = connectionEnds(stored.transport, stored.localPort, stored.remoteHost, stored.remotePort);
        const connection = { row, stream, ordinal: Number(stored.ordinal), time: seconds, ends };
        places.set(row, { root: Number(root ?? row), parent: parent === null ? null : Number(parent) });
        const name = named.get(stored.key);
        if (name !== undefined) append(lists, name, connection);
        for (const { key, announcements } of formers.get(stored.key) ?? [])
          if (announcements.has(`${stream}:${stored.ordinal}`)) append(formerLists, key, connection);
      }
      for (const [key, list] of [...formerLists, ...lists]) rows.set(key, list);
    },
    changes({ announced, moves }) {
      const queries: QueryConfig[] = [];
      if (announced.length > 0) {
        const ids = announced.map(({ incidentId }) => placeOf(incidentId));
        const values = [
          announced.map(({ row }) => row),
          announced.map(({ key, named }) => (named ? keyHash(key) : null)),
          announced.map(({ connectionId }) => storableText(connectionId)),
          ids.map(({ stream }) => streamHash(stream)),
          ids.map(({ ordinal }) => ordinal),
        ].map(arrayLiteral);
        queries.push({ name: 'announce', text: announce, values });
      }
      if (moves.length > 0) {
        const values = [
          moves.map(({ row }) => row),
          moves.map(({ root }) => root),
          moves.map(({ parent }) => parent),
        ].map(arrayLiteral);
        queries.push({ name: 'move', text: move, values });
      }
      return queries;
    },
  };
}
