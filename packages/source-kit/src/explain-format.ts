import { escapeControls } from '@ihandler/core';
import { foreignFormat } from '@ihandler/core/kit';
import type { FormatProblem, LineFormat } from './format.ts';
import { looksLike } from './lines/try-line.ts';
import { firstLine } from './text/first-line.ts';

/** How many lines at the beginning of a file are looked at. */
const lookedAt = 100;

function asBuffer(head: Uint8Array): Buffer {
  return Buffer.from(head.buffer, head.byteOffset, head.byteLength);
}

/** The format of a file that is another one for certain; undefined for every other file. */
export function explainKnownFormat(
  format: Pick<LineFormat, 'explain'>,
  head: Uint8Array,
  file: string,
): FormatProblem | undefined {
  const bytes = asBuffer(head);
  const known = format.explain?.(bytes, file);
  if (known !== undefined) return known;
  const foreign = foreignFormat(bytes);
  if (foreign === undefined) return undefined;
  return {
    found: `Expected lines of UTF-8 text, found ${foreign.name}.`,
    fix: `Convert it: ${foreign.command.replaceAll('FILE', file)}`,
  };
}

/** Explains what a file holds, from its beginning; undefined when it has no line yet, or begins as a file of the format. */
export function explainLines(format: LineFormat, head: Uint8Array, file: string): FormatProblem | undefined {
  const known = explainKnownFormat(format, head, file);
  if (known !== undefined) return known;
  const line = firstLine(asBuffer(head)).toString('utf8');
  if (line === '' || looksLike(format, line)) return undefined;
  const { title = `lines of ${format.name}`, fix = 'Check the path.' } = format;
  return { found: `Expected ${title}, found ${escapeControls(line.slice(0, 80))}.`, fix };
}

/** Whether a file begins with a line that core's `formatReject` wrote, as far as its first bytes show. */
export function beginsAsRejectsFile(head: Uint8Array): boolean {
  return firstLine(asBuffer(head)).toString('latin1', 0, 20).startsWith('{"rejected":');
}

/**
 * Whether a file holds lines of a format, by its first 64 KiB: one of the first lines is of the format; some may be invalid,
 * or begin with NUL bytes or byte order marks. The function `recognises` of a source for files.
 */
export function recogniseLines(format: LineFormat, head: Uint8Array): boolean {
  const lines = asBuffer(head).toString('utf8').split('\n', lookedAt);
  return lines.some((line) => {
    const text = line.replace(/^[\0\ufeff]+/, '').trim();
    return text !== '' && looksLike(format, text);
  });
}
