import type { UntypedData, Value } from '@ihandler/core';
import { encodeValue, isRecord } from '@ihandler/core/kit';
import type { Shape } from './json-shape.ts';

type Fields = Map<string, Value[]>;

/** Bytes as text: printable ASCII unchanged, every other byte and the backslash as `\xNN`. */
function bytesText(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/[^\x20-\x5b\x5d-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function add(fields: Fields, name: string, value: Value): void {
  const list = fields.get(name);
  if (list === undefined) fields.set(name, [value]);
  else list.push(value);
}

function addText(fields: Fields, name: string, value: Value): void {
  if (value instanceof Uint8Array) {
    add(fields, name, bytesText(value));
    add(fields, `${name}_base64`, Buffer.from(value).toString('base64'));
  } else if (typeof value === 'string') add(fields, name, value);
  else add(fields, name, typeof value === 'object' ? encodeValue(value) : String(value));
}

function addOne(fields: Fields, name: string, value: Value, shape: Shape): void {
  if (value === null) return;
  if (shape === 'text') addText(fields, name, value);
  else if (typeof shape === 'object' && isRecord(value)) add(fields, name, objectOf(value, shape));
  else if (shape === 'boolean' && typeof value === 'boolean') add(fields, name, value);
  else if (shape === 'number' && typeof value === 'number' && Number.isFinite(value))
    add(fields, name, value);
  // The field has another type: this value has a name of its own.
  else addText(fields, `${name}_text`, value);
}

function addField(fields: Fields, name: string, value: Value, shape: Shape): void {
  if (Array.isArray(value)) for (const item of value) addField(fields, name, item, shape);
  // Safe: `isArray` does not narrow read-only arrays, which are dealt with.
  else addOne(fields, name, value as Exclude<Value, readonly Value[]>, shape);
}

function objectOf(value: { readonly [key: string]: Value }, shape: Exclude<Shape, string>): Value {
  const fields: Fields = new Map();
  // Some databases take a dot in a name for a nested field.
  for (const [key, item] of Object.entries(value))
    addField(fields, key.replaceAll('.', '_'), item, shape.fields.get(key) ?? shape.rest);
  // `fromEntries` defines keys, so that `__proto__` stays a key.
  return Object.fromEntries(
    [...fields].map(([name, values]) => [
      name,
      Array.isArray(value[name]) || values.length > 1 ? values : (values[0] ?? null),
    ]),
  );
}

/**
 * The data of an incident with one type for each field, whatever it contains: the type of the catalogue, or text. A value of
 * another type is text under the name of the field with `_text`. Bytes are text with `\xNN`, and exact under the name with
 * `_base64`. A list in a list is one list.
 */
export function jsonData(data: UntypedData, shape: Shape): Value {
  return typeof shape === 'object' ? objectOf(data, shape) : {};
}
