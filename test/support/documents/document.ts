import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesInGit, root } from '../workspace.ts';

/** A fenced block of a document. */
export interface Block {
  /** The path of its document, relative to the root. */
  readonly document: string;
  /** The nearest heading above it. */
  readonly heading: string;
  /** The language after the opening fence: `ts`, or nothing. */
  readonly language: string;
  /** Without the fences and their indentation; ends with a line feed. */
  readonly code: string;
  /** The line of the opening fence, from 1. */
  readonly line: number;
}

/** A Markdown file of the repository. */
export interface Document {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** `#` and the words of each heading, in order, without headings in blocks. */
  readonly headings: readonly string[];
  readonly blocks: readonly Block[];
  /** The text outside of blocks. */
  readonly prose: string;
}

/** Parses a Markdown text. Throws for a block without an end. */
export function parseDocument(path: string, text: string): Document {
  const headings: string[] = [];
  const blocks: Block[] = [];
  const prose: string[] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const [, indent = '', fence, language = ''] = /^( *)(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (fence === undefined) {
      if (/^#{1,6} /.test(line)) headings.push(line.trim());
      prose.push(line);
      continue;
    }
    const start = index + 1;
    const end = lines.findIndex((other, at) => at >= start && other.trim() === fence);
    if (end === -1) throw new Error(`${path}, line ${start}: the block does not end.`);
    const heading = (headings.at(-1) ?? '').replace(/^#+ /, '');
    const code = lines.slice(start, end).map((inner) => `${inner.replace(indent, '')}\n`);
    blocks.push({ document: path, heading, language: language.trim(), code: code.join(''), line: start });
    index = end;
  }
  return { path, text, headings, blocks, prose: prose.join('\n') };
}

/** Every Markdown file of the repository. */
export const documents: readonly Document[] = filesInGit()
  .filter((path) => path.endsWith('.md'))
  .map((path) => parseDocument(path, readFileSync(join(root, path), 'utf8')));

/** Documents for developers, and the one that test/docs/queries.test.ts runs. */
const others = ['docs/architecture.md', 'docs/queries.md'];

/** The documents whose blocks a user would try. */
export const manuals: readonly Document[] = documents.filter(
  ({ path }) =>
    /^(?:[^/]+|(?:apps|packages)\/[^/]+\/README|docs\/[^/]+)\.md$/.test(path) && !others.includes(path),
);
