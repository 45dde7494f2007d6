import { unreadable } from '../unreadable.ts';
import type { Text } from './open-text.ts';

const newline = 0x0a;
const carriageReturn = 0x0d;
/** How many bytes before the position are kept. */
const keptBefore = 64 * 1024;

/** The position at which reading resumes. */
export interface ResumePoint {
  /** The bytes after the position. */
  readonly chunks: AsyncGenerator<Buffer>;
  /** The position: the offset, or the beginning of the line in which it is. */
  readonly start: number;
  /** Bytes before the position, from the beginning of a line on; as many as identify the text. */
  readonly before: Buffer;
  /** The line that ends at the offset, without its newline; undefined when it is longer than the window, or the offset is within a line. */
  readonly lastLine: Buffer | undefined;
}

async function* following(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  yield* rest;
}

/** The last bytes of a text from the beginning of a line on. */
function wholeLines(bytes: Buffer, isFromStart: boolean): Buffer {
  const last = bytes.subarray(-keptBefore);
  const from = isFromStart && last.length === bytes.length ? 0 : last.indexOf(newline) + 1;
  return Buffer.from(last.subarray(from));
}

async function nextChunk(chunks: AsyncGenerator<Buffer>): Promise<Buffer> {
  const next = await chunks.next();
  return next.done ? Buffer.alloc(0) : next.value;
}

/** Reads from `base` up to `offset`; returns the last `window` bytes of that and the bytes read beyond it. */
async function readTail(
  chunks: AsyncGenerator<Buffer>,
  base: number,
  offset: number,
  window: number,
): Promise<{ tail: Buffer; rest: Buffer; end: number }> {
  const tail: Buffer[] = [];
  let size = 0;
  let at = base;
  let rest: Buffer = Buffer.alloc(0);
  while (at < offset) {
    const next = await chunks.next();
    if (next.done) break;
    const passed = next.value.subarray(0, offset - at);
    rest = next.value.subarray(passed.length);
    tail.push(passed);
    at += passed.length;
    size += passed.length;
    while (size - (tail[0]?.length ?? size) >= window) size -= tail.shift()?.length ?? 0;
  }
  return { tail: Buffer.concat(tail), rest, end: at };
}

/**
 * Resumes at the offset after the last line that was read (see {@link LineSplitter}: for a last line without a newline,
 * the offset at which its newline would end). It seeks in a plain file and reads up to the offset elsewhere.
 *
 * It checks that the text is still the same: the text reaches the offset. When a line ends exactly there, the caller checks
 * that this line is an incident, since reading can only have stopped after one. Otherwise reading begins with the line in
 * which the offset is: a line may hold several incidents, which the caller checks. The first line is known to be the same,
 * since its hash names the stream to which the offset belongs. The bytes before the last line are not checked. Throws
 * `TARGET_UNREADABLE` when the text is shorter.
 */
export async function resumeAt(text: Text, offset: number, maxLine: number): Promise<ResumePoint> {
  const window = maxLine + 2;
  const base = text.seekable ? Math.max(0, offset - window) : 0;
  const chunks = text.chunks(base);
  const { tail, rest: left, end } = await readTail(chunks, base, offset, window);
  const rest = left.length > 0 ? left : await nextChunk(chunks);
  const withoutNewline = end === offset - 1 && tail.at(-1) !== newline;
  if (end < offset && !withoutNewline) throw changedText(text.file, offset, `it ends at byte ${end}`);
  // The line was read before its CR and LF were written: the rest of it is a blank line.
  const isHalf = tail.at(-1) === carriageReturn && (rest.length === 0 || rest[0] === newline);
  if (end === offset && tail.at(-1) !== newline && !isHalf) {
    const begins = tail.lastIndexOf(newline) + 1;
    if (begins === 0 && tail.length < end) throw changedText(text.file, offset, 'no line ends there');
    const begun = tail.subarray(begins);
    return {
      chunks: following(Buffer.concat([begun, rest]), chunks),
      start: offset - begun.length,
      before: wholeLines(tail.subarray(0, begins), tail.length === end),
      lastLine: undefined,
    };
  }
  const line = withoutNewline ? tail : tail.subarray(0, -1);
  const before = line.lastIndexOf(newline);
  const known = before !== -1 || tail.length === end;
  return {
    chunks: following(rest, chunks),
    start: offset,
    before: wholeLines(tail, tail.length === end),
    lastLine: known ? line.subarray(before + 1) : undefined,
  };
}

/** The error for a text that has changed since it was read. */
export function changedText(file: string, offset: number, problem: string): Error {
  return unreadable(
    file,
    `expected a line that ends at byte ${offset}, where reading stopped, but ${problem}: the file was truncated or changed since.`,
    'Restore the file, or import it into a new database.',
  );
}
