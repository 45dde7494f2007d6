import type { ClusterResult, ConnectionKey, Place } from '@ihandler/attack-log';
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
    rows: Map<ConnectionKey, number>,
    places: Map<number, Place>,
  ): Promise<void>;
  /** The queries that store which connections new rows stand for, and that put stored rows under their parents. */
  changes(result: ClusterResult): readonly QueryConfig[];
}

interface StoredConnection {
  readonly key: string;
  readonly connection: string;
  readonly root: string | null;
  readonly parent: string | null;
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
  const find = `SELECT DISTINCT ON (o.connection_key) o.connection_key AS key, c.connection,
      c.connection_root AS root, c.connection_parent AS parent
    FROM unnest($1::uuid[]) AS wanted JOIN ${ours} AS o ON o.connection_key = wanted
    JOIN ${connections} AS c ON c.connection = o.connection
    ORDER BY o.connection_key, o.connection DESC`;
  const move = `UPDATE ${connections} AS c SET connection_root = m.root,
      connection_parent = CASE WHEN c.connection = m.old THEN m.parent ELSE c.connection_parent END
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS m (old, root, parent)
    WHERE c.connection_root = m.old`;

  return {
    async load(client, named, rows, places) {
      if (named.size === 0) return;
      const values = [arrayLiteral([...named.keys()])];
      const found = await client.query<StoredConnection>({ name: 'find connections', text: find, values });
      for (const { key, connection, root, parent } of found.rows) {
        const name = named.get(key);
        if (name === undefined) continue;
        const row = Number(connection);
        rows.set(name, row);
        places.set(row, { root: Number(root ?? row), parent: parent === null ? null : Number(parent) });
      }
    },
    changes({ announced, moves }) {
      const queries: QueryConfig[] = [];
      if (announced.length > 0) {
        const ids = announced.map(({ incidentId }) => parseIncidentId(incidentId));
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
