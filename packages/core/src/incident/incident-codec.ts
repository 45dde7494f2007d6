import { IhandlerError } from '../contract/error.ts';
import type { Incident, UntypedData, Value } from '../contract/incident.ts';
import { isRecord } from '../contract/property.ts';
import { createIncident } from './create-incident.ts';
import { defineBytes, immutable } from './immutable-data.ts';

type Tree = { [key: string]: unknown };

/** The only key of an object if it starts with `$`, which is reserved for the encoding. */
function dollarKey(object: object): string | undefined {
  let only: string | undefined;
  for (const key in object) {
    if (only !== undefined || !key.startsWith('$')) return undefined;
    only = key;
  }
  return only;
}

function isPlainInJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlainInJson);
  if (ArrayBuffer.isView(value) || dollarKey(value) !== undefined) return false;
  // Safe: an object that is neither null, an array nor a view is a record.
  for (const key in value) if (!isPlainInJson((value as Tree)[key])) return false;
  return true;
}

function escaped(value: unknown): unknown {
  if (typeof value === 'number')
    return isPlainInJson(value) ? value : { $number: value === 0 ? '-0' : String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(escaped);
  if (ArrayBuffer.isView(value))
    return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  const prefix = dollarKey(value) === undefined ? '' : '$';
  // `fromEntries` defines keys, so that `__proto__` stays a key.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [prefix + key, escaped(item)]));
}

const numbers = new Map([
  ['-0', -0],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

function unescaped(object: Tree): unknown {
  const key = dollarKey(object);
  if (key === undefined) return object;
  const item = object[key];
  if (key.startsWith('$$')) return immutable(Object.fromEntries([[key.slice(1), item]]));
  if (typeof item !== 'string') return object;
  if (key === '$bytes') {
    const bytes = Buffer.from(item, 'base64');
    // Buffer skips what is not base64: then these are not the bytes that an encoder wrote.
    return bytes.toString('base64') === item ? new Uint8Array(bytes) : object;
  }
  return key === '$number' ? (numbers.get(item) ?? object) : object;
}

/** Freezes the result of `JSON.parse` deeply and reverses the escapes. Each access to bytes returns a new copy. */
function restored(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  // Safe: `JSON.parse` returns only records and arrays, and the keys of an array can be read in the same way.
  const tree = value as Tree;
  for (const key in tree) {
    const item = tree[key];
    // Safe for `__proto__` too: it is listed only when it is the object's own key.
    if (typeof item !== 'object' || item === null) continue;
    const made = restored(item);
    if (made instanceof Uint8Array) defineBytes(tree, key, made);
    else tree[key] = made;
  }
  Object.freeze(tree);
  return Array.isArray(tree) ? tree : unescaped(tree);
}

/**
 * Encodes an incident as one line of JSON, for journals and peers. {@link decodeIncident} returns an equal value. Bytes become
 * `{"$bytes":"<base64>"}`. Numbers that JSON lacks become `{"$number":"-0"}` (or `NaN`, `Infinity`, `-Infinity`). An object
 * whose only key starts with `$` gets one more `$` in front of it.
 *
 * Numbers are those of JavaScript, as `JSON.parse` reads them: an integer beyond 2^53 is rounded to the nearest double, `1.50`
 * becomes `1.5`, and `1e400` is read as `Infinity`. What must keep its digits belongs in a text. The last of equal keys counts.
 */
export function encodeIncident(incident: Incident): string {
  return JSON.stringify(isPlainInJson(incident) ? incident : escaped(incident));
}

/** Encodes a value as one line of JSON, in the form of {@link encodeIncident}. */
export function encodeValue(value: Value): string {
  return JSON.stringify(isPlainInJson(value) ? value : escaped(value));
}

/** Decodes a text of {@link encodeValue} into a deeply frozen value. Throws a SyntaxError for text that is not JSON. */
export function decodeValue(text: string): Value {
  // Safe: JSON contains only values, and each escape becomes one again.
  return restored(JSON.parse(text)) as Value;
}

/**
 * Decodes a text of {@link encodeIncident} into a deeply frozen incident. Does not check the data against the schema of its
 * origin, because a journal returns incidents as they were accepted. Use {@link receiveIncident} for text from a peer. Throws
 * `INCIDENT_INVALID` for any other text.
 */
export function decodeIncident(text: string): Incident {
  let parsed: unknown;
  try {
    parsed = restored(JSON.parse(text));
  } catch (cause) {
    const found = JSON.stringify(text.slice(0, 200));
    throw new IhandlerError('INCIDENT_INVALID', `Expected an incident in JSON, found ${found}.`, { cause });
  }
  if (isRecord(parsed)) {
    const { id, origin, timestamp, sensor, data, misfit, local } = parsed;
    if (
      typeof id === 'string' &&
      typeof origin === 'string' &&
      typeof timestamp === 'number' &&
      typeof sensor === 'string' &&
      isRecord(data)
    ) {
      // Safe: a record of values is untyped data.
      const untyped = data as UntypedData;
      if (local === true)
        return Object.freeze({
          id,
          origin,
          timestamp,
          sensor,
          data: untyped,
          local,
          ...(typeof misfit === 'string' && { misfit }),
        });
      return Object.freeze(
        typeof misfit === 'string'
          ? { id, origin, timestamp, sensor, data: untyped, misfit }
          : { id, origin, timestamp, sensor, data: untyped },
      );
    }
  }
  const found = JSON.stringify(text.slice(0, 200));
  throw new IhandlerError(
    'INCIDENT_INVALID',
    `Expected an incident with id, origin, timestamp, sensor and data, found ${found}.`,
  );
}

/** Options of {@link receiveIncident}. */
export interface ReceiveOptions {
  /** The sensor to set, where the sender may not choose it. @default the sensor of the incident */
  readonly sensor?: string | undefined;
}

/**
 * Decodes an incident from a peer, in the form of {@link encodeIncident}. Unlike {@link decodeIncident} it trusts nothing: it
 * checks the id, the origin and the depth of the data, and drops `local` and `misfit`: paths in the data name files of the peer, and
 * the dispatcher checks the data against the schema on this machine. The id stays. Throws `INCIDENT_INVALID`.
 */
export function receiveIncident(text: string, { sensor }: ReceiveOptions = {}): Incident {
  const { id, origin, timestamp, sensor: own, data } = decodeIncident(text);
  // UTF-8 cannot encode half a surrogate pair: databases would take two streams that differ only there for one.
  if (/\p{Surrogate}/u.test(id))
    throw new IhandlerError(
      'INCIDENT_INVALID',
      `Expected an id in Unicode, found half of a surrogate pair: ${JSON.stringify(id.slice(0, 200))}.`,
    );
  return createIncident({ id, origin, timestamp, sensor: sensor ?? own, data: data as UntypedData });
}
