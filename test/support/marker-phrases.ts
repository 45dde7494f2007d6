import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesInGit, root } from './workspace.ts';

/** Phrases of an idiom that is not plain English. CONTRIBUTING.md says what to write instead. */
const MARKERS = [
  /\b(?:is|are|was|were) no (?!longer\b)[a-z]+/gi,
  /\b(?:whoever|somebody|nobody)\b/gi,
  /\b(?:is|are|was|were|be|been) told\b/gi,
  /\bgo(?:es)? on\b/gi,
  /\bso many\b/gi,
  /\bputs? right\b/gi,
  /\bwhat (?:waits|comes|is no|was|has|it)\b/gi,
];

/** Files whose text was not written for this repository, and the two that name the phrases. */
const EXCLUDED =
  /^test\/(?:recordings|data-folders)\/|\/recordings\/|\.generated\.|CHANGELOG\.md$|^test\/(?:support|structure)\/marker-phrases/;

/** Text that quotes dionaea, or is data: a user name that someone tried, a line of SQL. */
const QUOTED: readonly string[] = [];

/** `sources` includes READMEs, other documents and scripts. */
export type Group = 'sources' | 'tests';

export interface MarkedFile {
  readonly file: string;
  readonly group: Group;
  /** The package or top folder that the file belongs to, for example `packages/core`. */
  readonly owner: string;
  readonly lines: number;
  /** Each phrase found, with its line: `12: is told`. */
  readonly phrases: readonly string[];
}

function groupOf(file: string): Group {
  return /^test\/|\.test\.ts$|\/testing\//.test(file) ? 'tests' : 'sources';
}

/** Finds the marker phrases of a text, also those that a line break divides. */
export function phrasesIn(text: string): readonly string[] {
  const quoted = QUOTED.reduce((rest, quote) => rest.replaceAll(quote, ''), text);
  // A line break in a sentence becomes one blank, whatever starts the next line of a comment; the length stays the same.
  const flat = quoted.replace(/\n[ \t]*(?:\*|\/\/|#|>)?[ \t]*/g, (gap) => ' '.padEnd(gap.length, '\u0000'));
  return MARKERS.flatMap((marker) =>
    [...flat.matchAll(new RegExp(marker.source.replaceAll(' ', ' \\u0000*'), marker.flags))].map((match) => {
      const line = quoted.slice(0, match.index).split('\n').length;
      return `${line}: ${match[0].replaceAll('\u0000', '')}`;
    }),
  );
}

/** Every text file of the workspace with the marker phrases in it. */
export function markedFiles(): readonly MarkedFile[] {
  return filesInGit()
    .filter((file) => /\.(?:ts|mjs|md|ya?ml)$|\/package\.json$/.test(file) && !EXCLUDED.test(file))
    .filter((file) => file !== 'pnpm-lock.yaml')
    .map((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const owner = /^(?:(?:packages|apps)\/)?[^/]+/.exec(file)?.[0] ?? file;
      const lines = text.split('\n').length - 1;
      return { file, group: groupOf(file), owner, lines, phrases: phrasesIn(text) };
    });
}

/** Marker phrases per 1,000 lines. */
export function rateOf(files: readonly MarkedFile[]): number {
  const lines = files.reduce((sum, file) => sum + file.lines, 0);
  const phrases = files.reduce((sum, file) => sum + file.phrases.length, 0);
  return lines === 0 ? 0 : (1000 * phrases) / lines;
}
