import {
  type ClusterResult,
  type ConnectionKey,
  connectionEnds,
  connectionKey,
  formerKey,
  type NamedConnection,
  type Place,
  placeOf,
  SAME_ID_LIMIT,
} from '@ihandler/attack-log';
import type { Database } from 'better-sqlite3';
import { keyHash } from './hash.ts';
import { prepareInsert } from './insert-rows.ts';
import { createSensorNumbers } from './sensor-numbers.ts';

/** The rows of connections by sensor and id, and their places in the forest. */
export interface ConnectionTable {
  /** Adds the stored rows and places of these connections to the maps. */
  load(
    named: Iterable<ConnectionKey>,
    rows: Map<ConnectionKey, readonly NamedConnection[]>,
    places: Map<number, Place>,
  ): void;
  /** Stores which connections the new rows of `connections` stand for. */
  announce(announced: ClusterResult['announced']): void;
  /** Puts rows that were stored before under their parents. */
  move(moves: ClusterResult['moves']): void;
}

type StoredConnection = [
  row: number,
  sensor: string,
  id: string,
  incidentId: string,
  time: number | null,
  root: number | null,
  parent: number | null,
  transport: unknown,
  localPort: unknown,
  remoteHost: unknown,
  remotePort: unknown,
];

/** Prepares the statements. */
export function createConnectionTable(database: Database): ConnectionTable {
  const seed = Number(
    database.prepare("SELECT value FROM ihandler_meta WHERE key = 'hash_seed'").pluck().get(),
  );
  const find = database
    .prepare<[number], StoredConnection>(
      `SELECT connection, sensor_name, connection_id, incident_id, connection_timestamp, connection_root, connection_parent,
          connection_transport, local_port, remote_host, remote_port
        FROM ihandler_connections JOIN ihandler_sensors USING (sensor) JOIN connections USING (connection)
        WHERE connection_key = ? ORDER BY connection DESC LIMIT ${SAME_ID_LIMIT}`,
    )
    .raw();
  const add = prepareInsert(database, 'ihandler_connections', [
    'connection',
    'connection_key',
    'sensor',
    'connection_id',
    'incident_id',
  ]);
  const sensorNumber = createSensorNumbers(database);
  const moveTree = database.prepare('UPDATE connections SET connection_root = ? WHERE connection_root = ?');
  const setParent = database.prepare('UPDATE connections SET connection_parent = ? WHERE connection = ?');

  /** The connections of a key; with `announcement` only the one that this incident announced. */
  function loadOne(
    key: ConnectionKey,
    places: Map<number, Place>,
    announcement?: string,
  ): readonly NamedConnection[] {
    const found: NamedConnection[] = [];
    for (const [row, sensor, id, incidentId, time, root, parent, ...ends] of find.all(keyHash(key, seed))) {
      const place = placeOf(incidentId);
      const isWanted = announcement === undefined || announcement === `${place.stream}:${place.ordinal}`;
      if (connectionKey(sensor, id) !== key || !isWanted) continue;
      const seconds = typeof time === 'number' ? time : null;
      found.push({ row, time: seconds, ends: connectionEnds(...ends), ...place });
      places.set(row, { root: root ?? row, parent: parent === row ? null : parent });
    }
    return found;
  }

  return {
    load(named, rows, places) {
      for (const key of named) {
        if (rows.has(key)) continue;
        const former = formerKey(key);
        const own = loadOne(key, places);
        const found =
          own.length > 0 || former === undefined ? own : loadOne(former.key, places, former.incidentId);
        if (found.length > 0) rows.set(key, found);
      }
    },
    announce(announced) {
      const sensors = new Map<string, number>();
      const rows = announced.map(({ row, key, sensor, connectionId, incidentId, named }) => {
        let number = sensors.get(sensor);
        if (number === undefined) {
          number = sensorNumber(sensor);
          sensors.set(sensor, number);
        }
        return [row, named ? keyHash(key, seed) : null, number, connectionId, incidentId];
      });
      add(rows);
    },
    move(moves) {
      for (const { row, parent, root, oldRoot } of moves) {
        moveTree.run(root, oldRoot);
        setParent.run(parent, row);
      }
    },
  };
}
