import type { CatalogueEntry, Family } from '../../packages/core/src/catalogue/family.ts';
import type { CatalogueSchema, JsonSchema } from '../../packages/core/src/catalogue/json-schema.ts';

function typeName(schema: JsonSchema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/$defs/', '');
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeName))].join(' or ');
  if (schema.type === 'array') return `list of ${schema.items ? typeName(schema.items) : 'anything'}`;
  if (
    schema.type === 'object' &&
    schema.properties !== undefined &&
    Object.keys(schema.properties).length > 0
  )
    return `{ ${members(schema)} }`;
  if (schema.type === 'object' && schema.additionalProperties !== undefined)
    return `record of ${typeName(schema.additionalProperties)}`;
  if (schema.pattern !== undefined) return 'digits';
  return schema.type === undefined ? 'anything' : [schema.type].flat().join(' or ');
}

function members({ properties = {}, required = [], additionalProperties }: JsonSchema): string {
  const named = Object.entries(properties).map(
    ([key, property]) => `\`${key}\`${required.includes(key) ? '' : '?'} ${typeName(property)}`,
  );
  if (additionalProperties !== undefined) named.push(`any other ${typeName(additionalProperties)}`);
  return named.join(', ');
}

function dataOf(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(dataOf).join('<br>or ');
  return members(schema) || '–';
}

function row(origin: string, { level, description }: CatalogueEntry, schema: JsonSchema | undefined): string {
  return `| \`${origin}\` | ${level} | ${dataOf(schema ?? {})} | ${description} |`;
}

function valueSection(name: string, schema: JsonSchema): string {
  const { description = '', ...shape } = schema;
  return `### ${name}\n\n${description}\n\n${typeName(shape)}`;
}

/** Writes the page that lists every origin, family by family. */
export function incidentsPage(
  families: readonly (readonly [title: string, family: Family])[],
  { $defs }: CatalogueSchema,
): string {
  const tables = families.map(([title, family]) =>
    [
      `## ${title}`,
      '',
      '| origin | level | data | what happened |',
      '| --- | --- | --- | --- |',
      ...Object.entries(family).map(([origin, entry]) => row(origin, entry, $defs[origin])),
    ].join('\n'),
  );
  const values = Object.entries($defs).filter(([name]) => !name.includes('.'));
  return [
    '<!-- Made from the catalogue in packages/core by scripts/generate-catalogue.mjs; edits are lost. -->',
    '# Incidents',
    'Every origin that has a type, with its default level and its data. `?` marks what may be missing; keys that are not listed pass. What does not fit reaches only handlers that listen to `*`, with the reason in `misfit`. The same in JSON Schema: `@ihandler/core/incidents.schema.json`.',
    ...tables,
    '## Values',
    ...values.map(([name, schema]) => valueSection(name, schema)),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}
