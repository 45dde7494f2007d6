import { escapeControls } from '@ihandler/core';
import { optionsOf, requiredOptions } from '@ihandler/host';
import { cutTo } from '../../terminal/terminal.ts';

/** JSON Schema as a manifest holds it. */
type JsonSchema = Parameters<typeof optionsOf>[0];

/** The longest comment line of the configuration, in characters. */
const WIDTH = 110;

/** Text as one comment line: its first clauses if it is longer. Text of a manifest, which is not trusted, stays inside it. */
export function comment(text: string, indent: string): string {
  const line = `${indent}# ${escapeControls(text)}`;
  if (line.length < WIDTH) return line;
  const cut = cutTo(line, WIDTH);
  const end = Math.max(...['; ', ', with ', ' and '].map((joint) => cut.lastIndexOf(joint)));
  return end > indent.length + 20 ? `${cut.slice(0, end)}.` : `${cut}…`;
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
export function exampleFor(name: string, option: string, schema: JsonSchema): unknown {
  const { default: preset, examples, format } = schema;
  if (Array.isArray(examples) && examples[0] !== undefined) return examples[0];
  if (preset !== undefined) return preset;
  return format === 'path' ? `./${name}.${option}` : undefined;
}

/** The required options of a schema as YAML, `option: value`; a value that only the user knows is `"…"`. */
export function requiredLines(name: string, options: JsonSchema): readonly string[] {
  const schemas = new Map(optionsOf(options));
  return requiredOptions(options).map((option) => {
    const value = exampleFor(name, option, schemas.get(option) ?? {});
    return `${scalar(option)}: ${escapeControls(value === undefined ? '"…"' : scalar(value))}`;
  });
}

/** An entry on one line: `- { name: http, config: { port: 8080 } }`. */
export function entryLine(name: string, options: JsonSchema): string {
  const required = requiredLines(name, options);
  const config = required.length === 0 ? '' : `, config: { ${required.join(', ')} }`;
  return `- { name: ${scalar(name)}${config} }`;
}
