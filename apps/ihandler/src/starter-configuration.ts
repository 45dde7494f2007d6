import { harmless } from '@ihandler/core';
import { whatItNeeds } from './default-handlers.ts';
import { fold } from './fold.ts';
import type { Offer } from './offers.ts';
import { type JsonSchema, optionsOf, requiredOptions } from './option-schema.ts';
import { whatLeaves } from './what-leaves.ts';

const WIDTH = 100;

/** Text as comment lines. A manifest is other people's text: none of it gets out of its comment. */
function comment(text: string, indent: string): string {
  const [first = '', ...more] = fold(harmless(text), 0, WIDTH - indent.length - 2).split('\n');
  return [first, ...more].map((line) => `${indent}# ${line.trim()}`).join('\n');
}

/** A value as YAML that is also JSON, plain where nothing else can be meant. */
function scalar(value: unknown): string {
  const isPlain =
    typeof value === 'string' &&
    /^[./]*[A-Za-z][\w./-]*$/.test(value) &&
    !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return isPlain ? value : (JSON.stringify(value) ?? 'null');
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** A value that an option may have to begin with; undefined when only the user can know it. */
function exampleFor(handler: string, option: string, schema: JsonSchema): unknown {
  const { default: preset, examples, format } = schema;
  if (Array.isArray(examples) && examples[0] !== undefined) return examples[0];
  if (preset !== undefined) return preset;
  return format === 'path' ? `./${handler}.${option}` : undefined;
}

function optionLines({ name, spec }: Offer<'handlers'>, indent: string): readonly string[] {
  const required = new Set(requiredOptions(spec.options));
  return optionsOf(spec.options).flatMap(([option, schema]) => {
    const { description } = schema;
    const value = exampleFor(name, option, schema);
    const isGiven = required.has(option);
    const shown = value === undefined ? '…' : scalar(value);
    return [
      ...(typeof description === 'string' ? [comment(description, indent)] : []),
      `${indent}${isGiven ? '' : '# '}${scalar(option)}: ${harmless(shown)}`,
    ];
  });
}

function entryLines(offer: Offer<'handlers'>): readonly string[] {
  const { name, spec } = offer;
  const about = comment(`${sentence(spec.summary)} What it means for you: ${whatLeaves(offer)}.`, '  ');
  const schemas = new Map(optionsOf(spec.options));
  const unknown = requiredOptions(spec.options).filter(
    (option) => exampleFor(name, option, schemas.get(option) ?? {}) === undefined,
  );
  const options = optionLines(offer, '      ');
  const isGiven = options.some((line) => !line.trimStart().startsWith('#'));
  const entry = [
    `  - name: ${scalar(name)}`,
    `    ${isGiven || options.length === 0 ? '' : '# '}config:`,
    ...options,
  ];
  const lines = options.length === 0 ? entry.slice(0, 1) : entry;
  if (!spec.network && unknown.length === 0) return [about, ...lines];
  const why = comment(`It does not run yet: ${whatItNeeds(offer)}.`, '  ');
  return [about, why, ...lines.map((line) => line.replace(/^ {2}/, '  # '))];
}

/** A configuration with comments for handlers that are installed: those run that need nobody's consent. */
export function starterConfiguration(offers: readonly Offer<'handlers'>[]): string {
  const entries = offers.map((offer) => entryLines(offer).join('\n'));
  return `${[
    `# What ihandler runs. Relative paths start at the folder of this file; \${NAME} and \${NAME:-DEFAULT}`,
    '# stand for variables of the environment. What is wrong with it is told by: ihandler check -c FILE',
    '',
    '# The name of this sensor, in every incident that does not say.',
    '# sensor: honeypot-1',
    '',
    '# Where the program keeps its state.',
    '# data: /var/lib/ihandler',
    '',
    "# What the program's own log shows, on standard error.",
    '# log: { levels: "error,critical,warning", domains: "*" }',
    '',
    '# More files, such as those of dionaea.',
    '# include: [/opt/dionaea/etc/dionaea/ihandlers-enabled/*.yaml]',
    '',
    '# Each may also have: as, only, except, ignore, protocols.',
    'ihandlers:',
    ...(entries.length > 0 ? entries : ['  # No ihandler is installed here: npm search keywords:ihandler']),
  ].join('\n')}\n`;
}
