import type { OriginsFile } from '@ihandler/core';
import type { Definitions, JsonSchema } from '@ihandler/core/origins';
import type { ShapeData } from '../../packages/log-text/src/json/json-shape.ts';

/** The type of a field that has both types: an object wins, since its members keep their names; otherwise text. */
function merged(one: ShapeData | undefined, other: ShapeData | undefined): ShapeData | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (typeof one === 'string' && typeof other === 'string') return one === other ? one : 'text';
  if (typeof one === 'string') return other;
  if (typeof other === 'string') return one;
  const names = [...new Set([...Object.keys(one.fields), ...Object.keys(other.fields)])].sort();
  const fields = names.map((name) => [name, merged(one.fields[name], other.fields[name]) ?? 'text'] as const);
  return { fields: Object.fromEntries(fields), rest: merged(one.rest, other.rest) ?? 'text' };
}

function shapeOf(node: JsonSchema, definitions: Definitions): ShapeData | undefined {
  const inner = (schema: JsonSchema) => shapeOf(schema, definitions);
  if (node.$ref !== undefined) return inner(definitions[node.$ref.replace('#/$defs/', '')] ?? {});
  if (node.anyOf !== undefined) return node.anyOf.map(inner).reduce(merged, undefined);
  // Bytes become text beside what else a field has.
  if (node.properties !== undefined && '$bytes' in node.properties) return undefined;
  const [type] = [node.type].flat();
  if (type === 'string') return 'text';
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'boolean') return 'boolean';
  if (type === 'array') return node.items && inner(node.items);
  if (type !== 'object') return undefined; // null, or anything: it decides nothing
  const fields = Object.entries(node.properties ?? {}).map(
    ([name, schema]) => [name, inner(schema) ?? 'text'] as const,
  );
  const { additionalProperties: others } = node;
  return {
    fields: Object.fromEntries(fields),
    rest: (typeof others === 'object' ? inner(others) : undefined) ?? 'text',
  };
}

/** The type of `data` in the JSON log: that of every field of every declared origin. */
export function jsonShape(files: readonly OriginsFile[]): ShapeData {
  return (
    files
      .flatMap(({ origins, $defs = {} }) =>
        Object.values(origins).map(({ schema }) => shapeOf(schema, $defs)),
      )
      .reduce(merged, undefined) ?? 'text'
  );
}
