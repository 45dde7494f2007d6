import { escapeControls, IhandlerError } from '@ihandler/core';
import { contributionsOf, type Installed, optionsOf, requiredOptions } from '@ihandler/host';
import { wrapText } from '../../terminal/wrap-text.ts';

type JsonSchema = Parameters<typeof optionsOf>[0];

/** What an option accepts, such as `one of wal, delete` or `integer`. */
function kindOf(schema: JsonSchema): string {
  if (Array.isArray(schema['enum'])) return `one of ${schema['enum'].map(String).join(', ')}`;
  const types = [schema, ...(Array.isArray(schema['anyOf']) ? schema['anyOf'] : [])]
    // Safe: every JSON Schema in a list is an object or a boolean, and `type` of a boolean is undefined.
    .map((one) => (one as JsonSchema)['type'])
    .filter((type) => typeof type === 'string');
  return types.join(' or ') || 'any value';
}

function optionBlock([name, schema]: readonly [string, JsonSchema], isRequired: boolean): readonly string[] {
  const { default: preset, examples, description } = schema;
  const example = Array.isArray(examples) ? examples[0] : undefined;
  const facts = [
    kindOf(schema),
    ...(isRequired ? ['required'] : []),
    ...(preset === undefined ? [] : [`default ${JSON.stringify(preset)}`]),
    ...(example === undefined ? [] : [`such as ${JSON.stringify(example)}`]),
  ];
  return [
    `  ${name} (${facts.join('; ')})`,
    ...(typeof description === 'string' ? [`      ${description}`] : []),
  ];
}

/** The options of every handler, source and journal with this name or alias, as lines. Throws `OPTIONS_INVALID` if none has it. */
export function optionsText(
  { packages }: Pick<Installed, 'packages'>,
  name: string,
  columns: number | undefined,
): string {
  const found = (['handlers', 'sources', 'journals'] as const).flatMap((kind) =>
    contributionsOf(packages, kind)
      .filter(({ name: own, spec }) => own === name || ('aliases' in spec && spec.aliases.includes(name)))
      .map((contribution) => ({ ...contribution, kind: kind.slice(0, -1) })),
  );
  if (found.length === 0)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `No handler, source or journal "${escapeControls(name)}" is installed here. See: ihandler list`,
    );
  const blocks = found.map(({ kind, name: own, spec }) => {
    const required = new Set(requiredOptions(spec.options));
    const options = optionsOf(spec.options);
    return [
      `${kind} ${own}: ${spec.summary}`,
      ...(options.length === 0 ? ['  It has no options.'] : []),
      ...options.flatMap((option) => optionBlock(option, required.has(option[0]))),
    ]
      .map((line) => wrapText(escapeControls(line), line.search(/\S/), columns))
      .join('\n');
  });
  return `${blocks.join('\n\n')}\n`;
}
