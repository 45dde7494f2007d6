import { readFileSync } from 'node:fs';
import { describeError, escapeControls } from '@ihandler/core';
import { isNode, LineCounter, parseDocument } from 'yaml';
import type { ConfigPath } from './problem.ts';

/** The content of a configuration file, parsed and not yet validated. */
export interface ParsedFile {
  readonly value: unknown;
  /** Why it could not be parsed, with line and column, each on a line; undefined when it could. */
  readonly broken?: string | undefined;
  /** The line of the value at a path, or of the nearest value around it. */
  lineOf(path: ConfigPath): number | undefined;
}

/** One file of a configuration. */
export interface ConfigurationFile extends ParsedFile {
  /** Absolute. */
  readonly file: string;
  /** Whether it has the program's own format, or that of a sensor: a list of handlers. */
  readonly form: 'own' | 'sensor';
}

/** Reads a file that is not in the program's own format; undefined when this reader does not know it either. */
export type SensorReader = (text: string, file: string) => ParsedFile | undefined;

function broken(problem: string): ParsedFile {
  return { value: undefined, broken: problem, lineOf: () => undefined };
}

function parseYaml(text: string): ParsedFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    const errors = document.errors.map(({ message, pos }) => {
      const { line, col } = lines.linePos(pos[0]);
      return `  line ${line}, column ${col}: ${escapeControls(message.split('\n')[0]?.replace(/ at line.*$/, '') ?? '')}`;
    });
    return broken(`is not valid YAML:\n${errors.join('\n')}`);
  }
  return {
    value: document.toJS(),
    lineOf(path) {
      for (let length = path.length; length >= 0; length -= 1) {
        const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
        if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
      }
      return undefined;
    },
  };
}

/** The program's own format is a mapping of settings, none of which is called `name`; an empty file is one without any. */
function isOwn({ value, broken: problem }: ParsedFile): boolean {
  if (problem !== undefined || value === null) return problem === undefined;
  return typeof value === 'object' && value !== undefined && !Array.isArray(value) && !('name' in value);
}

/**
 * Reads a file: YAML in the program's own format, else the first sensor's format that knows it. An error in it is in the
 * result, not thrown. `readers` is only called for a file that is not in the program's own format.
 */
export async function readConfigurationFile(
  file: string,
  readers: () => Promise<readonly SensorReader[]>,
): Promise<ConfigurationFile> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { file, form: 'own', ...broken(`cannot be read: ${escapeControls(describeError(error))}`) };
  }
  const parsed = parseYaml(text);
  if (isOwn(parsed)) return { file, form: 'own', ...parsed };
  for (const read of await readers()) {
    const known = read(text, file);
    if (known !== undefined) return { file, form: 'sensor', ...known };
  }
  if (parsed.broken !== undefined) return { file, form: 'own', ...parsed };
  return {
    file,
    form: 'own',
    ...broken(
      'is not a configuration: expected a YAML mapping of settings, or a format that an installed package reads',
    ),
  };
}
