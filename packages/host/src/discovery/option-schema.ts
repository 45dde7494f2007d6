import { resolve } from 'node:path';
import { isRecord } from '@ihandler/core/kit';

/** JSON Schema as a manifest holds it: plain data, of which only a few keywords are used. */
export type JsonSchema = Readonly<Record<string, unknown>>;

function propertiesOf(schema: JsonSchema): readonly (readonly [string, JsonSchema])[] {
  const properties = schema['properties'];
  if (!isRecord(properties)) return [];
  return Object.entries(properties).flatMap(([key, value]) =>
    isRecord(value) ? [[key, value] as const] : [],
  );
}

/** The options that the user must set: `required`, without those that have a default. */
export function requiredOptions(schema: JsonSchema): readonly string[] {
  const required = schema['required'];
  if (!Array.isArray(required)) return [];
  const properties = new Map(propertiesOf(schema));
  return required.filter(
    (key): key is string => typeof key === 'string' && properties.get(key)?.['default'] === undefined,
  );
}

/** The value of an option in an example command: the schema's first example, else `FILE` or `VALUE`. */
export function exampleOf(schema: JsonSchema, option: string): string {
  const property = new Map(propertiesOf(schema)).get(option);
  const examples = property?.['examples'];
  if (Array.isArray(examples) && examples[0] !== undefined) return String(examples[0]);
  return property?.['format'] === 'path' ? 'FILE' : 'VALUE';
}

/**
 * A copy of options in which every string whose schema says `"format": "path"` is absolute, starting at `folder`.
 * `:memory:` (SQLite) and values that do not match the schema stay as they are: the owner of the options validates them.
 */
export function resolvePaths(schema: JsonSchema, value: unknown, folder: string): unknown {
  if (typeof value === 'string')
    return schema['format'] === 'path' && value !== '' && value !== ':memory:'
      ? resolve(folder, value)
      : value;
  const items = schema['items'];
  if (Array.isArray(value))
    return isRecord(items) ? value.map((item) => resolvePaths(items, item, folder)) : value;
  if (!isRecord(value)) return value;
  const properties = new Map(propertiesOf(schema));
  const others = schema['additionalProperties'];
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const property = properties.get(key) ?? others;
      return [key, isRecord(property) ? resolvePaths(property, inner, folder) : inner];
    }),
  );
}

/** The value of an option from its text on the command line, with the type of its schema. */
export function fromText(schema: JsonSchema, option: string, text: string): unknown {
  const type = new Map(propertiesOf(schema)).get(option)?.['type'];
  const types = Array.isArray(type) ? type : [type];
  if (
    (types.includes('number') || types.includes('integer')) &&
    text.trim() !== '' &&
    Number.isFinite(Number(text))
  )
    return Number(text);
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

/** An option whose schema has a `format`. */
export interface MarkedOption {
  /** `a.b[0]`. */
  readonly path: string;
  readonly value: unknown;
  readonly schema: JsonSchema;
  /** The option `host` beside it. */
  readonly host: unknown;
}

/** Every option with a value whose schema has a `format`, at any depth. `host` is the option beside it. */
export function markedOptions(
  schema: JsonSchema,
  value: unknown,
  path = '',
  host: unknown = undefined,
): readonly MarkedOption[] {
  const items = schema['items'];
  if (Array.isArray(value))
    return isRecord(items)
      ? value.flatMap((item, index) => markedOptions(items, item, `${path}[${index}]`, host))
      : [];
  if (!isRecord(value)) return typeof schema['format'] === 'string' ? [{ path, value, schema, host }] : [];
  const properties = new Map(propertiesOf(schema));
  const others = schema['additionalProperties'];
  return Object.entries(value).flatMap(([key, inner]) => {
    const own = properties.get(key) ?? others;
    return isRecord(own)
      ? markedOptions(own, inner, path === '' ? key : `${path}.${key}`, value['host'])
      : [];
  });
}

/** The options of an object schema, each with its own schema, in written order. */
export function optionsOf(schema: JsonSchema): readonly (readonly [name: string, schema: JsonSchema])[] {
  return propertiesOf(schema);
}
