import type { Connection, Incident, Origins, Value } from '@ihandler/core';
import type { ConnectionKey } from './cluster-state.ts';
import { type Plan, plansFor } from './plan.ts';

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

/** The connections that the roles of an incident name elsewhere than under the names that all incidents use. */
function movedIn(incident: Incident, plan: Plan): readonly LooseConnection[] {
  if (!plan.isMoved) return [];
  return plan.origins
    .meaningsOf(incident)
    .flatMap(({ facts }) =>
      Object.entries(facts).flatMap(([name, fact]: [string, Value]) =>
        NAMES.includes(name) ? (connectionIn(fact) ?? []) : [],
      ),
    );
}

const NAMES = ['connection', 'parent', 'child'];

/** All connections that an incident names. */
function connectionsIn(incident: Incident, plan: Plan): readonly LooseConnection[] {
  return [...NAMES.flatMap((name) => connectionIn(incident.data[name]) ?? []), ...movedIn(incident, plan)];
}

/** The connection with this key in an incident. */
export function namedIn(incident: Incident, plan: Plan, key: ConnectionKey): LooseConnection | undefined {
  return connectionsIn(incident, plan).find(({ id }) => connectionKey(incident.sensor, id) === key);
}

/** The keys of all connections that incidents name. Without declared origins, only those as `connection`, `parent` or `child`. */
export function connectionKeysIn(
  incidents: Iterable<Incident>,
  origins?: Origins,
): ReadonlySet<ConnectionKey> {
  const keys = new Set<ConnectionKey>();
  const plans = origins === undefined ? undefined : plansFor(origins);
  const add = (sensor: string, value: Value | undefined) => {
    const connection = value === undefined ? undefined : connectionIn(value);
    if (connection !== undefined) keys.add(connectionKey(sensor, connection.id));
  };
  for (const incident of incidents) {
    const { sensor, origin, data } = incident;
    add(sensor, data['connection']);
    add(sensor, data['parent']);
    add(sensor, data['child']);
    if (plans?.anyMoved !== true) continue;
    const plan = plans.of(origin);
    if (plan.isMoved) for (const { id } of movedIn(incident, plan)) keys.add(connectionKey(sensor, id));
  }
  return keys;
}
