import { createHash } from 'node:crypto';
import { checkOf, windowSize } from './part-bytes.ts';

const newline = 0x0a;
/** How many of the last lines are remembered at least: the very last one may be missing in a file that was rewritten meanwhile. */
export const remembered = 8;
/** How many are remembered at most. Short lines are remembered as far as {@link windowSize} reaches, which tells texts apart. */
const mostRemembered = 64;

/** The mark by which a line is found again: a hash and its length. */
function markOf(digest: string, length: number): string {
  return `${digest.slice(0, 12)}.${length}`;
}

/** The mark of a line. */
export function markLine(line: Uint8Array): string {
  return markOf(createHash('sha256').update(line).digest('hex'), line.length);
}

/** The length of a line with its newline, from its mark. */
function sizeOf(mark: string): number {
  return Number(mark.slice(mark.indexOf('.') + 1)) + 1;
}

/** The size of the lines with these marks. */
export function sizeOfLines(marks: readonly string[]): number {
  return marks.reduce((size, mark) => size + sizeOf(mark), 0);
}

/** The marks to remember: the last ones. */
function lastOf(marks: readonly string[]): string[] {
  let from = marks.length;
  let size = 0;
  while (from > 0 && marks.length - from < mostRemembered) {
    if (marks.length - from >= remembered && size >= windowSize) break;
    from -= 1;
    size += sizeOf(marks[from] ?? '');
  }
  return marks.slice(from);
}

/** Remembers the marks of the last lines of a text that is read in chunks. */
export class RecentLines {
  #marks: string[];
  #pending = createHash('sha256');
  #pendingLength = 0;

  /** Begins after a complete line. */
  constructor(marks: readonly string[] = []) {
    this.#marks = [...marks];
  }

  /** The marks of the last complete lines, oldest first. */
  marks(): readonly string[] {
    return this.#marks;
  }

  push(chunk: Buffer): void {
    const last = chunk.lastIndexOf(newline);
    if (last !== -1) {
      this.#addLines(chunk, last);
      this.#pending = createHash('sha256');
      this.#pendingLength = 0;
    }
    const rest = chunk.subarray(last + 1);
    this.#pending.update(rest);
    this.#pendingLength += rest.length;
  }

  #addLines(chunk: Buffer, last: number): void {
    const marks: string[] = [];
    const isEnough = (from: number) =>
      marks.length >= mostRemembered || (marks.length >= remembered && last - from >= windowSize);
    for (let to = last; to >= 0 && !isEnough(to); ) {
      const before = to === 0 ? -1 : chunk.lastIndexOf(newline, to - 1);
      const line = chunk.subarray(before + 1, to);
      if (before === -1) {
        const length = this.#pendingLength + line.length;
        if (length > 0) marks.unshift(markOf(this.#pending.update(line).digest('hex'), length));
      } else if (line.length > 0) marks.unshift(markLine(line));
      to = before;
    }
    this.#marks = lastOf([...this.#marks, ...marks]);
  }
}

/** Where one of the last lines is in a text. */
export interface FoundLine {
  /** How many of the lines that were read later are missing in the text; 0 for the very last line. */
  readonly missing: number;
  /** The end of the line, in bytes of the uncompressed text. */
  readonly offset: number;
  /** The hash of the bytes before that offset. */
  readonly check: string;
  /** Whether the line is there more than once, and nothing shows which one was read. */
  readonly ambiguous: boolean;
}

/**
 * Looks for the last line that was read, else for the one before it, and so on. When a line is there more than once, the
 * one after the same bytes is taken (`check`), else the first one, so that nothing is lost.
 */
export async function findLastLine(
  chunks: AsyncIterable<Buffer>,
  marks: readonly string[],
  check: string,
): Promise<FoundLine | undefined> {
  const lengths = new Set(marks.map((mark) => Number(mark.split('.')[1])));
  const longest = Math.max(0, ...lengths);
  let best: (FoundLine & { readonly certain: boolean }) | undefined;
  let held: Buffer[] = [];
  let heldLength = 0;
  let window: Buffer = Buffer.alloc(0);
  let base = 0;

  function consider(line: Uint8Array, chunk: Buffer, end: number): void {
    const rank = marks.lastIndexOf(markLine(line));
    if (rank === -1) return;
    const missing = marks.length - 1 - rank;
    if (best !== undefined && missing > best.missing) return;
    const near = chunk.subarray(Math.max(0, end - windowSize), end);
    const found = checkOf(Buffer.concat([window, near]));
    const certain = missing === 0 && found === check;
    const again = best?.missing === missing;
    if (again && best?.certain && !certain) return;
    if (again && !certain && best !== undefined) best = { ...best, ambiguous: true };
    else best = { missing, offset: base + end, check: found, ambiguous: false, certain };
  }

  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(newline); to !== -1; to = chunk.indexOf(newline, from)) {
      const length = heldLength + to - from;
      if (lengths.has(length) && length > 0) {
        const part = chunk.subarray(from, to);
        consider(heldLength === 0 ? part : Buffer.concat([...held, part]), chunk, to + 1);
      }
      held = [];
      heldLength = 0;
      from = to + 1;
    }
    const rest = chunk.subarray(from);
    heldLength += rest.length;
    if (heldLength > longest) held = [];
    else if (rest.length > 0) held.push(Buffer.from(rest));
    window = Buffer.concat([window, chunk.subarray(-windowSize)]).subarray(-windowSize);
    base += chunk.length;
  }
  return best;
}

/** The marks of the last lines of some bytes that end with a complete line. */
export function marksIn(before: Buffer, isFromStart: boolean): readonly string[] {
  const recent = new RecentLines();
  recent.push(isFromStart ? before : before.subarray(before.indexOf(newline) + 1));
  return recent.marks();
}
