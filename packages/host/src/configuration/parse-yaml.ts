import { yamlText } from '@ihandler/core/kit';
import { type Alias, type Document, isNode, LineCounter, parseDocument, visit } from 'yaml';
import type { ConfigPath } from './problem.ts';

/** The content of a configuration file, parsed and not yet validated. */
export interface ParsedFile {
  readonly value: unknown;
  /** Why it could not be parsed, with line and column, each on a line; undefined when it could. */
  readonly broken?: string | undefined;
  /** The line of the value at a path, or of the nearest value around it. */
  lineOf(path: ConfigPath): number | undefined;
}

/** How many errors of a file are reported: the later ones mostly follow from the first. */
const REPORTED = 3;

/** A file whose content is of no use. */
export function brokenFile(problem: string): ParsedFile {
  return { value: undefined, broken: problem, lineOf: () => undefined };
}

/** Why an alias cannot be replaced by its anchor; undefined when it can. */
function aliasProblem(alias: Alias, document: Document.Parsed): string | undefined {
  const target = alias.resolve(document);
  if (target === undefined)
    return `"*${alias.source}" refers to an anchor "&${alias.source}" above, and there is none: put a text in quotes`;
  const [at = 0] = alias.range ?? [];
  const [from = 0, to = 0] = target.range ?? [];
  return from <= at && at < to ? `"*${alias.source}" refers to a value that it is part of` : undefined;
}

function problemsIn(document: Document.Parsed, lines: LineCounter): readonly string[] {
  const at = (offset: number, text: string) => {
    const { line, col } = lines.linePos(offset);
    return `  line ${line}, column ${col}: ${text}`;
  };
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0) return errors.map((error) => at(error.pos[0], yamlText(error)));
  const problems: string[] = [];
  visit(document, {
    Alias(_, alias) {
      const problem = aliasProblem(alias, document);
      if (problem !== undefined) problems.push(at(alias.range?.[0] ?? 0, problem));
    },
  });
  return problems;
}

function contentOf(document: Document.Parsed): { readonly value?: unknown; readonly broken?: string } {
  try {
    return { value: document.toJS() };
  } catch {
    // The only errors left: aliases that could fill the memory, or too many levels.
    return { broken: 'is not usable: too many of its values are copies of others ("*name") or nested' };
  }
}

/** Parses YAML. Errors are in the result, not thrown. */
export function parseYaml(text: string): ParsedFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error' });
  const problems = problemsIn(document, lines);
  if (problems.length > 0) {
    const more = problems.length > REPORTED ? [`  and ${problems.length - REPORTED} more`] : [];
    return brokenFile(`is not valid YAML:\n${[...problems.slice(0, REPORTED), ...more].join('\n')}`);
  }
  const { value, broken } = contentOf(document);
  if (broken !== undefined) return brokenFile(broken);
  return {
    value,
    lineOf(path) {
      for (let length = path.length; length >= 0; length -= 1) {
        const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
        if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
      }
      return undefined;
    },
  };
}
