import { shapeData } from './json-shape.generated.ts';

/**
 * The one type of a field in the JSON log. Lists do not count: a field and a list of it have the same type. `rest` is the type of
 * members that no declared origin names.
 */
export type Shape =
  | 'text'
  | 'number'
  | 'boolean'
  | { readonly fields: ReadonlyMap<string, Shape>; readonly rest: Shape };

/** A {@link Shape} as plain data. */
export type ShapeData =
  | 'text'
  | 'number'
  | 'boolean'
  | { readonly fields: Readonly<Record<string, ShapeData>>; readonly rest: ShapeData };

function shapeOf(data: ShapeData): Shape {
  if (typeof data === 'string') return data;
  const fields = Object.entries(data.fields).map(([name, inner]) => [name, shapeOf(inner)] as const);
  return { fields: new Map(fields), rest: shapeOf(data.rest) };
}

let shape: Shape | undefined;

/** The type of `data`: that of every field of the origins that packages of this family declare. */
export function dataShape(): Shape {
  shape ??= shapeOf(shapeData);
  return shape;
}

const listOf = (type: object) => ({ anyOf: [type, { type: 'array', items: type }, { type: 'null' }] });

/** The schema of a field; objects become definitions, by their path. */
function schemaOf(of: Shape, path: string, definitions: Record<string, object>): object {
  if (typeof of === 'string') return { $ref: `#/$defs/${of}` };
  const properties = Object.fromEntries(
    [...of.fields].map(([name, inner]) => [name, schemaOf(inner, `${path}.${name}`, definitions)]),
  );
  const rest = schemaOf(of.rest, `${path}.*`, definitions);
  definitions[path] = { type: 'object', properties, additionalProperties: rest };
  return listOf({ $ref: `#/$defs/${path}` });
}

/** The JSON Schema of a line of the JSON log. */
export function jsonLogSchema(): object {
  const text = { type: 'string' };
  const $defs: Record<string, object> = {
    text: listOf(text),
    number: listOf({ type: 'number' }),
    boolean: listOf({ type: 'boolean' }),
  };
  schemaOf(dataShape(), 'data', $defs);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A line of the JSON log of @ihandler/log-text',
    description:
      'Every field has one type, in every line, whatever a sensor or an attacker sent. A field that is not listed is text.',
    type: 'object',
    properties: {
      timestamp: { type: 'string', format: 'date-time' },
      sensor: text,
      id: text,
      origin: text,
      level: text,
      connection: text,
      misfit: text,
      data: { $ref: '#/$defs/data' },
    },
    required: ['timestamp', 'sensor', 'id', 'origin', 'level', 'data'],
    additionalProperties: false,
    $defs,
  };
}
