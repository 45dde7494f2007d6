import { IhandlerError } from '../contract/error.ts';
import type { Incident, UntypedData, Value } from '../contract/incident.ts';
import { isRecord } from '../contract/property.ts';
import { createIncident } from './create-incident.ts';

type Tree = { [key: string]: unknown };

/** The only key of an object when it begins with `$`: what the encoding has for itself. */
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
  if (key.startsWith('$$')) return Object.freeze(Object.fromEntries([[key.slice(1), item]]));
  if (typeof item !== 'string') return object;
  if (key === '$bytes') return new Uint8Array(Buffer.from(item, 'base64'));
  return key === '$number' ? (numbers.get(item) ?? object) : object;
}

/** Freezes what `JSON.parse` made, all the way down, and puts back what was escaped. */
function restored(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  // Safe: `JSON.parse` makes nothing but records and arrays, and an array is read by its keys as well.
  const tree = value as Tree;
  for (const key in tree) {
    const item = tree[key];
    // Assigning is safe for `__proto__` too: it is the object's own key, or it would not be listed.
    if (typeof item === 'object' && item !== null) tree[key] = restored(item);
  }
  Object.freeze(tree);
  return Array.isArray(tree) ? tree : unescaped(tree);
}

/**
 * Writes an incident as one line of JSON that {@link decodeIncident} gives back as the very same value: what a journal
 * keeps and a peer is sent. Bytes become `{"$bytes":"<base64>"}`, the numbers that JSON has not become
 * `{"$number":"-0"}` (`NaN`, `Infinity`, `-Infinity`), and an object whose only key begins with `$` gets one `$` more.
 */
export function encodeIncident(incident: Incident): string {
  return JSON.stringify(isPlainInJson(incident) ? incident : escaped(incident));
}

/** Writes a value as one line of JSON, in the way of {@link encodeIncident}. */
export function encodeValue(value: Value): string {
  return JSON.stringify(isPlainInJson(value) ? value : escaped(value));
}

/** Reads what {@link encodeValue} wrote, frozen all the way down. Throws a SyntaxError for what is no JSON. */
export function decodeValue(text: string): Value {
  // Safe: JSON holds nothing but values, and what was escaped becomes one again.
  return restored(JSON.parse(text)) as Value;
}

/**
 * Reads what {@link encodeIncident} wrote, frozen all the way down. The data is not checked against its origin's schema:
 * an incident is what it was when it was accepted. Text from elsewhere must pass `createIncident` as well. Throws
 * `INCIDENT_INVALID` for what is no incident.
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
      // Safe: a record of values that is no connection's own type is untyped data.
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

/** What {@link receiveIncident} may change. */
export interface ReceiveOptions {
  /** The sensor that whoever sent it speaks for. @default as the incident says */
  readonly sensor?: string | undefined;
}

/**
 * Reads what a peer sent in the form of {@link encodeIncident}. Unlike {@link decodeIncident} it believes nothing: the
 * data is held against the schema of this machine, and the paths in it are not taken for files of this machine. The id
 * stays. Throws `INCIDENT_INVALID`.
 */
export function receiveIncident(text: string, { sensor }: ReceiveOptions = {}): Incident {
  const { id, origin, timestamp, sensor: own, data } = decodeIncident(text);
  return createIncident({ id, origin, timestamp, sensor: sensor ?? own, data: data as UntypedData });
}
