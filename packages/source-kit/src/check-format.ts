import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { beginsAsRejectsFile, explainKnownFormat, explainLines, recogniseLines } from './explain-format.ts';
import type { LineFormat } from './format.ts';
import type { Finding } from './options.ts';
import { hasFirstLine } from './text/first-line.ts';

/** How much of the beginning of a file is looked at, in bytes. */
const headSize = 64 * 1024;

/** The beginning of a regular file; empty when it cannot be read, which another check reports. */
function headOf(file: string): Buffer {
  try {
    const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      if (!fstatSync(descriptor).isFile()) return Buffer.alloc(0);
      const head = Buffer.alloc(headSize);
      return head.subarray(0, readSync(descriptor, head, 0, headSize, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return Buffer.alloc(0);
  }
}

/** A finding when a file begins with lines of another format, so that it gives nothing but rejects; see {@link explainLines}. */
export function formatFindings(format: LineFormat, file: string): readonly Finding[] {
  const head = headOf(file);
  if (head.length === 0 || recogniseLines(format, head) || beginsAsRejectsFile(head)) return [];
  // A format may not recognise a line whose end it does not see.
  const isCut = head.length === headSize && !hasFirstLine(head);
  const problem = isCut ? explainKnownFormat(format, head, file) : explainLines(format, head, file);
  if (problem === undefined) return [];
  const [found, advice] = [problem.found, problem.fix].map((text) => text.replace(/\.$/, ''));
  return [{ found: `${file} gives no incident: ${found}`, advice: advice ?? '' }];
}
