import { catalogue } from '@ihandler/core';
import { z } from 'zod';

/**
 * The one type of a field in the JSON log. Lists do not count: a field and a list of it have the same type. `rest` is the type of
 * members without a name in the catalogue.
 */
export type Shape =
  | 'text'
  | 'number'
  | 'boolean'
  | { readonly fields: ReadonlyMap<string, Shape>; readonly rest: Shape };

/** The part of JSON Schema that zod writes for the catalogue. */
interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly prefixItems?: readonly Node[];
  readonly anyOf?: readonly Node[];
}

/** The type of a field that has both types: an object wins, since its members keep their names; otherwise text. */
function merged(one: Shape | undefined, other: Shape | undefined): Shape | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (typeof one === 'string' && typeof other === 'string') return one === other ? one : 'text';
  if (typeof one === 'string') return other;
  if (typeof other === 'string') return one;
  const names = [...new Set([...one.fields.keys(), ...other.fields.keys()])].sort();
  const fields = names.map(
    (name) => [name, merged(one.fields.get(name), other.fields.get(name)) ?? 'text'] as const,
  );
  return { fields: new Map(fields), rest: merged(one.rest, other.rest) ?? 'text' };
}

function shapeOf(node: Node): Shape | undefined {
  if (node.anyOf !== undefined) return node.anyOf.map(shapeOf).reduce(merged, undefined);
  switch (node.type) {
    case 'string':
      return 'text';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'array':
      return [...(node.items ? [node.items] : []), ...(node.prefixItems ?? [])]
        .map(shapeOf)
        .reduce(merged, undefined);
    case 'object': {
      const fields = Object.entries(node.properties ?? {}).map(
        ([name, inner]) => [name, shapeOf(inner) ?? 'text'] as const,
      );
      const rest =
        typeof node.additionalProperties === 'object' ? shapeOf(node.additionalProperties) : undefined;
      return { fields: new Map(fields), rest: rest ?? 'text' };
    }
    default:
      return undefined; // bytes, null, or anything: it decides nothing
  }
}

function shapeOfData(): Shape {
  const shapes = Object.values(catalogue).map(({ schema }) =>
    // Safe: it is a JSON Schema, of which only these parts are read.
    shapeOf(z.toJSONSchema(schema, { unrepresentable: 'any', reused: 'inline' }) as Node),
  );
  return shapes.reduce(merged, undefined) ?? 'text';
}

let shape: Shape | undefined;

/** The type of `data`: that of every field of every origin in the catalogue. */
export function dataShape(): Shape {
  shape ??= shapeOfData();
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
