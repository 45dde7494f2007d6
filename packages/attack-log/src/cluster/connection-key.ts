import type { Connection, Incident, Value } from '@ihandler/core';
import type { ConnectionKey } from './cluster-state.ts';

/** Longer ids are rare, and what is remembered must stay small. */
const LONGEST_REMEMBERED = 128;
const MOST_REMEMBERED = 4096;

/**
 * The keys made last of one sensor, by id: every incident of a connection names it again, and a string that is made once
 * is hashed once. A key does not depend on it.
 */
const remembered = { sensor: '', keys: new Map<string, ConnectionKey>() };

function makeKey(sensor: string, id: string): ConnectionKey {
  // The length of the sensor's name keeps ("a", "b c") and ("a b", "c") apart.
  const name: unknown = `${sensor.length} ${sensor} ${id}`;
  // Node 20 has toWellFormed, the ES2023 types have not; the brand has no form at run time.
  return (name as { toWellFormed(): ConnectionKey }).toWellFormed();
}

/** Names a connection of a sensor. Well-formed Unicode, so that a database gives it back as it was. */
export function connectionKey(sensor: string, id: string): ConnectionKey {
  if (id.length > LONGEST_REMEMBERED) return makeKey(sensor, id);
  if (sensor !== remembered.sensor || remembered.keys.size >= MOST_REMEMBERED) {
    remembered.sensor = sensor;
    remembered.keys.clear();
  }
  const known = remembered.keys.get(id);
  if (known !== undefined) return known;
  const key = makeKey(sensor, id);
  remembered.keys.set(id, key);
  return key;
}

/** A connection as far as it can be relied upon: an incident that does not fit its schema may lack everything but the id. */
export type LooseConnection = Partial<Connection> & Pick<Connection, 'id'>;

/** The connection that a value of an incident's data is, or undefined. An id that is a number counts as its digits. */
export function connectionIn(value: Value | undefined): LooseConnection | undefined {
  if (typeof value !== 'object' || value === null || !('id' in value)) return undefined;
  const id: unknown = value.id;
  // What lies behind the id is read with care, one value at a time, by whoever needs it.
  if (typeof id === 'string') return id === '' ? undefined : (value as LooseConnection);
  return typeof id === 'number' ? { ...(value as LooseConnection), id: String(id) } : undefined;
}

/** Every connection that incidents name, as their connection, parent or child. */
export function connectionKeysIn(incidents: Iterable<Incident>): ReadonlySet<ConnectionKey> {
  const named = new Set<ConnectionKey>();
  const add = (sensor: string, value: Value | undefined) => {
    const connection = value === undefined ? undefined : connectionIn(value);
    if (connection !== undefined) named.add(connectionKey(sensor, connection.id));
  };
  for (const { sensor, data } of incidents) {
    add(sensor, data['connection']);
    add(sensor, data['parent']);
    add(sensor, data['child']);
  }
  return named;
}
