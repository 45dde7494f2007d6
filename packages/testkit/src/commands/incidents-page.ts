import type { OriginDeclaration } from '@ihandler/core';
import type { DeclaredOrigins, Definitions, JsonSchema } from '@ihandler/core/origins';

/** Origins of a file under a title. */
export interface Section {
  readonly title: string;
  /** In the order of the page. */
  readonly origins: readonly string[];
  readonly file: DeclaredOrigins;
}

function typeName(schema: JsonSchema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/$defs/', '');
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeName))].join(' or ');
  if (schema.enum !== undefined)
    return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ');
  if (schema.type === 'array') return `list of ${schema.items ? typeName(schema.items) : 'anything'}`;
  if (
    schema.type === 'object' &&
    schema.properties !== undefined &&
    Object.keys(schema.properties).length > 0
  )
    return `{ ${members(schema)} }`;
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object')
    return `record of ${typeName(schema.additionalProperties)}`;
  if (schema.pattern !== undefined) return 'digits';
  return schema.type === undefined ? 'anything' : [schema.type].flat().join(' or ');
}

function members({ properties = {}, required = [], additionalProperties }: JsonSchema): string {
  const named = Object.entries(properties).map(
    ([key, property]) => `\`${key}\`${required.includes(key) ? '' : '?'} ${typeName(property)}`,
  );
  if (typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0)
    named.push(`any other ${typeName(additionalProperties)}`);
  return named.join(', ');
}

function dataOf(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(dataOf).join('<br>or ');
  return members(schema) || '–';
}

function row(origin: string, { level, description, schema, roles = {} }: Partial<OriginDeclaration>): string {
  const names = Object.keys(roles).map((role) => `\`${role}\``);
  const cells = [`\`${origin}\``, level, names.join(', ') || '–', dataOf(schema ?? {}), description];
  return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
}

function valueSection(name: string, schema: JsonSchema): string {
  const { description = '', ...shape } = schema;
  return `### ${name}\n\n${description}\n\n${typeName(shape)}`;
}

/** Writes a page in Markdown that lists origins with their levels, roles and data. `intro` is the text below its title. */
export function incidentsPage(sections: readonly Section[], intro: readonly string[]): string {
  const tables = sections.map(({ title, origins, file }) =>
    [
      `## ${title}`,
      '',
      '| origin | level | roles | data | what happened |',
      '| --- | --- | --- | --- | --- |',
      ...origins.map((origin) => row(origin, file.origins[origin] ?? {})),
    ].join('\n'),
  );
  const values: Definitions = Object.assign({}, ...sections.map(({ file }) => file.$defs ?? {}));
  const named = Object.entries(values);
  return [
    '# Incidents',
    ...intro,
    '`?` marks an optional key. Data may have further keys. An incident whose data does not fit reaches only handlers that listen to `*`, with the reason in `misfit`.',
    ...tables,
    ...(named.length === 0
      ? []
      : ['## Values', ...named.map(([name, schema]) => valueSection(name, schema))]),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}
