import { isIP } from 'node:net';
import type { Incident, UntypedData, Value } from '../../contract/incident.ts';
import type { Origins } from '../../contract/meaning/origins.ts';
import { isRecord } from '../../contract/property.ts';
import { createIncident } from '../create-incident.ts';
import { MASKED, maskBytes, maskText } from './mask-text.ts';
import { END_NAMES, type OwnAddresses, ownAddressesOf } from './own-addresses.ts';

/** A key without the addresses, which differs from those before it. */
function maskKey(key: string, own: OwnAddresses, taken: ReadonlySet<string>): string {
  const plain = maskText(key, own);
  let unique = plain;
  for (let n = 2; taken.has(unique); n += 1) unique = `${plain} (${n})`;
  return unique;
}

/** A local end with addresses only. */
function withoutNames(end: Value): Value {
  if (!isRecord(end)) return end;
  const names = END_NAMES.filter((name) => {
    const host = end[name];
    return typeof host === 'string' && host !== '' && isIP(host) === 0;
  });
  // Safe: a record of values stays one.
  return { ...end, ...Object.fromEntries(names.map((name) => [name, MASKED])) } as Value;
}

function masked(value: Value, own: OwnAddresses): Value {
  if (typeof value === 'string') return maskText(value, own);
  if (ArrayBuffer.isView(value)) return maskBytes(value, own);
  if (Array.isArray(value)) return value.map((item: Value) => masked(item, own));
  if (!isRecord(value)) return value;
  const entries = new Map<string, Value>();
  const keys = new Set<string>();
  for (const [key, item] of Object.entries(value)) {
    const name = maskKey(key, own, keys);
    keys.add(name);
    entries.set(name, masked(key === 'local' ? withoutNames(item) : item, own));
  }
  return Object.fromEntries(entries);
}

/** An incident with other data. */
export function withData(incident: Incident, changed: UntypedData): Incident {
  const { id, origin, timestamp, sensor, local, misfit } = incident;
  const made = createIncident({ id, origin, timestamp, sensor, data: changed, local });
  return misfit === undefined ? made : Object.freeze({ ...made, misfit });
}

/**
 * The incident without the sensor's own address: `127.0.0.1` replaces every local address of its connections wherever it
 * occurs, in connections, texts, keys and bytes, in every usual spelling (see {@link maskText}). Encodings such as Base64,
 * percent or decimal notation are not undone. Id and ports stay. Returns the same incident when it names no local address.
 * `origins` are those of the handler's context.
 * For handlers that send incidents off the machine and mask them by their own rules; otherwise the setting `mask` does it.
 */
export function maskSensor(incident: Incident, origins: Pick<Origins, 'has'>): Incident {
  const own = ownAddressesOf(incident, origins);
  // Safe: masking a record keeps it a record.
  return own === undefined ? incident : withData(incident, masked(incident.data, own) as UntypedData);
}
