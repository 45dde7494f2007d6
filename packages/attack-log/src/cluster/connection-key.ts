import type { Connection, Incident, Value } from '@ihandler/core';
import type { ConnectionKey } from './cluster-state.ts';

/** Limits of the cache. Longer ids are rare. */
const LONGEST_CACHED_ID = 128;
const MOST_CACHED_KEYS = 4096;

/**
 * A cache of the keys of one sensor, by id: every incident of a connection names it again, and JavaScript hashes a string
 * once per object. Only speed depends on it.
 */
const cache = { sensor: '', keys: new Map<string, ConnectionKey>() };

function makeKey(sensor: string, id: string): ConnectionKey {
  // The length of the sensor's name keeps ("a", "b c") and ("a b", "c") apart.
  const name: unknown = `${sensor.length} ${sensor} ${id}`;
  // Node 20 has toWellFormed, but the ES2023 types do not. The brand exists only at compile time.
  return (name as { toWellFormed(): ConnectionKey }).toWellFormed();
}

/** The key of a connection of a sensor. Well-formed Unicode, so that a database returns it unchanged. */
export function connectionKey(sensor: string, id: string): ConnectionKey {
  if (id.length > LONGEST_CACHED_ID) return makeKey(sensor, id);
  if (sensor !== cache.sensor || cache.keys.size >= MOST_CACHED_KEYS) {
    cache.sensor = sensor;
    cache.keys.clear();
  }
  const known = cache.keys.get(id);
  if (known !== undefined) return known;
  const key = makeKey(sensor, id);
  cache.keys.set(id, key);
  return key;
}

/** The id of a connection that came from a database: the id of the incident that announced it. */
const rowId = /^[0-9a-f]{20}:(\d+)$/;

/**
 * The key that earlier versions gave a connection of dionaea's database, `c<row>`, and the incident that announced it, since
 * that key may stand for rows of several databases. Undefined for other connections.
 */
export function formerKey(
  key: ConnectionKey,
): { readonly key: ConnectionKey; readonly incidentId: string } | undefined {
  const space = key.indexOf(' ');
  const sensor = key.slice(space + 1, space + 1 + Number(key.slice(0, space)));
  const incidentId = key.slice(space + sensor.length + 2);
  const row = rowId.exec(incidentId)?.[1];
  return row === undefined ? undefined : { key: makeKey(sensor, `c${row}`), incidentId };
}

/** A connection of which only the id is certain: an incident that does not fit its schema may lack everything else. */
export type LooseConnection = Partial<Connection> & Pick<Connection, 'id'>;

/** The connection in a value of an incident's data, or undefined. A numeric id becomes its digits. */
export function connectionIn(value: Value | undefined): LooseConnection | undefined {
  if (typeof value !== 'object' || value === null || !('id' in value)) return undefined;
  const id: unknown = value.id;
  // The other properties are unchecked: callers check each value they read.
  if (typeof id === 'string') return id === '' ? undefined : (value as LooseConnection);
  return typeof id === 'number' ? { ...(value as LooseConnection), id: String(id) } : undefined;
}

/** The connection with this key in an incident, as connection, child or parent. */
export function namedIn({ sensor, data }: Incident, key: ConnectionKey): LooseConnection | undefined {
  return ['connection', 'child', 'parent']
    .map((name) => connectionIn(data[name]))
    .find((connection) => connection !== undefined && connectionKey(sensor, connection.id) === key);
}

/** The keys of all connections that incidents name, as connection, parent or child. */
export function connectionKeysIn(incidents: Iterable<Incident>): ReadonlySet<ConnectionKey> {
  const keys = new Set<ConnectionKey>();
  const add = (sensor: string, value: Value | undefined) => {
    const connection = value === undefined ? undefined : connectionIn(value);
    if (connection !== undefined) keys.add(connectionKey(sensor, connection.id));
  };
  for (const { sensor, data } of incidents) {
    add(sensor, data['connection']);
    add(sensor, data['parent']);
    add(sensor, data['child']);
  }
  return keys;
}
