import { escapeControls, type SensorModule } from '@ihandler/core';
import { yamlText } from '@ihandler/core/kit';
import { parse, TomlError } from 'smol-toml';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';

type Path = readonly (string | number)[];
/** A configuration file of dionaea, parsed. */
export type DionaeaFile = NonNullable<ReturnType<NonNullable<SensorModule['readConfiguration']>>>;

/** The paths of the lines of a TOML text: tables and keys, as far as they are written plainly. */
function pathsIn(text: string): readonly Path[] {
  const counts = new Map<string, number>();
  let table: Path = [];
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

/** Parses the TOML of dionaea's fork. */
export function parseToml(text: string): DionaeaFile {
  try {
    const value = parse(text);
    return {
      value,
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
    const problem = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? '';
    return {
      value: undefined,
      broken: `is not valid TOML:\n  line ${error.line}, column ${error.column}: ${escapeControls(problem)}`,
      lineOf: () => undefined,
    };
  }
}

/** The value of a document; undefined when its aliases ("*name") cannot be replaced. */
function contentOf(document: Document.Parsed): { readonly value: unknown } | undefined {
  try {
    return { value: document.toJS() };
  } catch {
    return undefined; // an unknown alias, or too many of them: said by the caller
  }
}

/** Parses the YAML of dionaea. */
export function parseYaml(text: string): DionaeaFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error' });
  const [error] = document.errors;
  const read = error === undefined ? contentOf(document) : undefined;
  if (read === undefined) {
    const { line, col } = lines.linePos(error?.pos[0] ?? 0);
    const problem = yamlText(error ?? { code: 'BAD_ALIAS', message: '' });
    return {
      value: undefined,
      broken: `is not valid YAML:\n  line ${line}, column ${col}: ${problem}`,
      lineOf: () => undefined,
    };
  }
  return {
    value: read.value,
    lineOf(path) {
      for (let length = path.length; length >= 0; length -= 1) {
        const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
        if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
      }
      return undefined;
    },
  };
}

/** dionaea's YAML holds a list of ihandlers, the TOML of its fork one ihandler. */
function isOfDionaea({ value }: DionaeaFile): boolean {
  return Array.isArray(value) || (typeof value === 'object' && value !== null && 'name' in value);
}

/** Reads a file of `ihandlers-enabled`: TOML when its name ends in `.toml`, else YAML. */
export function readConfiguration(text: string, file: string): DionaeaFile | undefined {
  if (/\.toml$/i.test(file)) return parseToml(text);
  const parsed = parseYaml(text);
  return isOfDionaea(parsed) ? parsed : undefined;
}
