import { IhandlerError } from '../contract/error.ts';
import type { Incident, IncidentMap, Origin, UntypedData } from '../contract/incident.ts';
import { isIncidentId } from '../contract/incident-id.ts';
import { describeValue } from '../contract/text/describe-value.ts';
import { immutable } from './immutable-data.ts';

const originPattern = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
const knownGood = new Set<string>();

/** The parts of an incident. See {@link Incident}. */
export interface IncidentParts<O extends string = string> {
  readonly id: string;
  readonly origin: O;
  readonly timestamp: number;
  readonly sensor: string;
  readonly data: O extends Origin ? IncidentMap[O] : UntypedData;
  /** See {@link Incident.local}. @default false */
  readonly local?: boolean | undefined;
}

function invalid(what: string, found: unknown): IhandlerError {
  return new IhandlerError('INCIDENT_INVALID', `Expected ${what}, found ${describeValue(found)}.`);
}

/**
 * Makes an incident, which nothing can change: objects and lists in `data` are frozen deeply, and each access to bytes returns
 * a new copy. The data of an origin whose type is known must have that type; the dispatcher checks it against the declared
 * schema when the incident is accepted. Throws `INCIDENT_INVALID` for an invalid id, origin or timestamp, and for data that is
 * not an object. Takes ownership of `data`.
 */
export function createIncident<O extends string>(parts: IncidentParts<O>): Incident<O>;
export function createIncident({
  id,
  origin,
  timestamp,
  sensor,
  data: given,
  local,
}: IncidentParts): Incident {
  if (typeof id !== 'string' || !isIncidentId(id))
    throw invalid('an incident id of the form <stream>:<ordinal>', id);
  if (!knownGood.has(origin)) {
    if (typeof origin !== 'string' || origin.length > 256 || !originPattern.test(origin))
      throw invalid('an origin of letters, digits, "_", "-" and dots', origin);
    if (knownGood.size < 1000) knownGood.add(origin);
  }
  if (typeof timestamp !== 'number' || !Number.isFinite(timestamp))
    throw invalid('a timestamp in milliseconds', timestamp);
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalid('data that is an object', given);
  const data = immutable(given);
  return Object.freeze(
    local === true ? { id, origin, timestamp, sensor, data, local } : { id, origin, timestamp, sensor, data },
  );
}

function isMade(incident: Incident): boolean {
  return Object.isFrozen(incident) && Object.isFrozen(incident.data);
}

/** The batch of a source, whose incidents may be plain objects: each becomes immutable. Throws like {@link createIncident}. */
export function madeIncidents(batch: readonly Incident[]): readonly Incident[] {
  if (batch.every(isMade)) return batch;
  return batch.map((incident) =>
    isMade(incident) ? incident : createIncident({ ...incident, data: incident.data as UntypedData }),
  );
}
