import { escapeControls } from '@ihandler/core';
import { optionsOf, requiredOptions } from '@ihandler/host';
import { wrapText } from '../../terminal/wrap-text.ts';

/** JSON Schema as a manifest holds it. */
type JsonSchema = Parameters<typeof optionsOf>[0];

/** The longest line of the configuration, in characters. */
const WIDTH = 100;

/** Text as comment lines. Text of a manifest, which is not trusted, stays inside the comment. */
export function comment(text: string, indent: string): string {
  const [first = '', ...more] = wrapText(escapeControls(text), 0, WIDTH - indent.length - 2).split('\n');
  return [first, ...more].map((line) => `${indent}# ${line.trim()}`).join('\n');
}

/** A value as YAML that is also JSON, without quotes where it is unambiguous. */
export function scalar(value: unknown): string {
  const isPlain =
    typeof value === 'string' &&
    /^[./]*[A-Za-z][\w./-]*$/.test(value) &&
    !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return isPlain ? value : (JSON.stringify(value) ?? 'null');
}

/** Text with a full stop at its end. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** A starting value for an option; undefined when only the user can know it. */
export function exampleFor(handler: string, option: string, schema: JsonSchema): unknown {
  const { default: preset, examples, format } = schema;
  if (Array.isArray(examples) && examples[0] !== undefined) return examples[0];
  if (preset !== undefined) return preset;
  return format === 'path' ? `./${handler}.${option}` : undefined;
}

/** The options of a schema, each with its description; optional ones are commented out. */
export function optionLines(name: string, options: JsonSchema, indent: string): readonly string[] {
  const required = new Set(requiredOptions(options));
  return optionsOf(options).flatMap(([option, schema]) => {
    const { description } = schema;
    const value = exampleFor(name, option, schema);
    const isGiven = required.has(option);
    const shown = value === undefined ? '…' : scalar(value);
    return [
      ...(typeof description === 'string' ? [comment(description, indent)] : []),
      `${indent}${isGiven ? '' : '# '}${scalar(option)}: ${escapeControls(shown)}`,
    ];
  });
}
