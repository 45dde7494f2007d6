import { readFileSync } from 'node:fs';
import { describeError, escapeControls } from '@ihandler/core';
import { parse as parseToml, TomlError } from 'smol-toml';
import { isNode, LineCounter, parseDocument } from 'yaml';

/** A path into a configuration: `['ihandlers', 0, 'config', 'file']`. */
export type ConfigPath = readonly (string | number)[];

/** One file of a configuration, parsed and not yet judged. */
export interface ConfigurationFile {
  /** Absolute. */
  readonly file: string;
  readonly value: unknown;
  /** Why it could not be parsed, with line and column, each on a line; undefined when it could. */
  readonly broken: string | undefined;
  /** The line of what a path names, or of the nearest thing around it that is written. */
  lineOf(path: ConfigPath): number | undefined;
}

type Parsed = Omit<ConfigurationFile, 'file'>;

function broken(problem: string): Parsed {
  return { value: undefined, broken: problem, lineOf: () => undefined };
}

function fromYaml(text: string): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    const told = document.errors.map(({ message, pos }) => {
      const { line, col } = lines.linePos(pos[0]);
      return `  line ${line}, column ${col}: ${escapeControls(message.split('\n')[0]?.replace(/ at line.*$/, '') ?? '')}`;
    });
    return broken(`is not YAML:\n${told.join('\n')}`);
  }
  return {
    value: document.toJS(),
    broken: undefined,
    lineOf(path) {
      for (let length = path.length; length >= 0; length -= 1) {
        const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
        if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
      }
      return undefined;
    },
  };
}

/** The paths that the lines of a TOML text begin: tables and keys, as far as they are written plainly. */
function pathsIn(text: string): readonly ConfigPath[] {
  const counts = new Map<string, number>();
  let table: ConfigPath = [];
  return text.split('\n').map((line) => {
    const [, double, name] = /^\s*\[(\[)?\s*([\w.-]+)\s*\]/.exec(line) ?? [];
    if (name !== undefined) {
      const index = counts.get(name) ?? 0;
      if (double) counts.set(name, index + 1);
      table = double ? [...name.split('.'), index] : name.split('.');
      return table;
    }
    const [, key] = /^\s*"?([\w.-]+)"?\s*=/.exec(line) ?? [];
    return key === undefined ? [] : [...table, ...key.split('.')];
  });
}

function fromToml(text: string): Parsed {
  try {
    const value = parseToml(text);
    return {
      value,
      broken: undefined,
      lineOf(path) {
        const paths = pathsIn(text);
        for (let length = path.length; length > 0; length -= 1) {
          const at = paths.findIndex(
            (written) => written.length === length && written.every((key, index) => key === path[index]),
          );
          if (at !== -1) return at + 1;
        }
        return 1;
      },
    };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const what = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? '';
    return broken(`is not TOML:\n  line ${error.line}, column ${error.column}: ${escapeControls(what)}`);
  }
}

/** Reads a file: TOML when its name ends so, else YAML. What is wrong with it is in what is returned. */
export function readConfigurationFile(file: string): ConfigurationFile {
  try {
    const text = readFileSync(file, 'utf8');
    return { file, ...(/\.toml$/i.test(file) ? fromToml(text) : fromYaml(text)) };
  } catch (error) {
    return { file, ...broken(`cannot be read: ${escapeControls(describeError(error))}`) };
  }
}
