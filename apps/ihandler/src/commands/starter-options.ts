import { escapeControls } from '@ihandler/core';
import { type JsonSchema, optionsOf, requiredOptions } from '../host/discovery/option-schema.ts';
import { fold } from '../terminal/wrap-text.ts';

/** The longest line of a configuration that is written, in characters. */
const WIDTH = 100;

/** Text as comment lines. A manifest is other people's text: none of it gets out of its comment. */
export function comment(text: string, indent: string): string {
  const [first = '', ...more] = fold(escapeControls(text), 0, WIDTH - indent.length - 2).split('\n');
  return [first, ...more].map((line) => `${indent}# ${line.trim()}`).join('\n');
}

/** A value as YAML that is also JSON, plain where nothing else can be meant. */
export function scalar(value: unknown): string {
  const isPlain =
    typeof value === 'string' &&
    /^[./]*[A-Za-z][\w./-]*$/.test(value) &&
    !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return isPlain ? value : (JSON.stringify(value) ?? 'null');
}

/** Text with a full stop. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** A value that an option may have to begin with; undefined when only the user can know it. */
export function exampleFor(handler: string, option: string, schema: JsonSchema): unknown {
  const { default: preset, examples, format } = schema;
  if (Array.isArray(examples) && examples[0] !== undefined) return examples[0];
  if (preset !== undefined) return preset;
  return format === 'path' ? `./${handler}.${option}` : undefined;
}

/** The options of something, each with what it means; those that need not be given as comments. */
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
