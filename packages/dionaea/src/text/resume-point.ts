import { unreadable } from '../unreadable.ts';
import type { Text } from './open-text.ts';

const newline = 0x0a;
const carriageReturn = 0x0d;

/** Where reading goes on. */
export interface ResumePoint {
  /** The bytes from there on. */
  readonly chunks: AsyncGenerator<Buffer>;
  /** The whole line that ends there, without its newline; undefined when it is longer than the window. */
  readonly lastLine: Buffer | undefined;
}

async function* following(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  yield* rest;
}

async function nextChunk(chunks: AsyncGenerator<Buffer>): Promise<Buffer> {
  const next = await chunks.next();
  return next.done ? Buffer.alloc(0) : next.value;
}

/** Reads from `base` up to `offset` and keeps the last `window` bytes of that. */
async function readTail(
  chunks: AsyncGenerator<Buffer>,
  base: number,
  offset: number,
  window: number,
): Promise<{ tail: Buffer; rest: Buffer; end: number }> {
  const kept: Buffer[] = [];
  let size = 0;
  let at = base;
  let rest: Buffer = Buffer.alloc(0);
  while (at < offset) {
    const next = await chunks.next();
    if (next.done) break;
    const taken = next.value.subarray(0, offset - at);
    rest = next.value.subarray(taken.length);
    kept.push(taken);
    at += taken.length;
    size += taken.length;
    while (size - (kept[0]?.length ?? size) >= window) size -= kept.shift()?.length ?? 0;
  }
  return { tail: Buffer.concat(kept), rest, end: at };
}

/**
 * Goes to the offset after the last line that was taken (see {@link LineSplitter}: of a last line without newline, where
 * its newline would be), cheaply in a plain file, by reading over it elsewhere, and checks that the text is still the one
 * that was read. Checked are: the first line (it is hashed into the name of the stream, under which the offset was
 * found), that the text reaches the offset, that a line ends exactly there, and, by the caller, that this line is an
 * incident, since only after one can reading have stopped. Not checked are the bytes before that line. Throws
 * `TARGET_UNREADABLE` when the text is shorter or no line ends there.
 */
export async function resumeAt(text: Text, offset: number, maxLine: number): Promise<ResumePoint> {
  const window = maxLine + 2;
  const base = text.seekable ? Math.max(0, offset - window) : 0;
  const chunks = text.chunks(base);
  const { tail, rest: left, end } = await readTail(chunks, base, offset, window);
  const rest = left.length > 0 ? left : await nextChunk(chunks);
  const withoutNewline = end === offset - 1 && tail.at(-1) !== newline;
  if (end < offset && !withoutNewline) throw changed(text.file, offset, `it ends at byte ${end}`);
  // The line was read when it was the last, before its CR and LF were written: what is left of it is a blank line.
  const isHalf = tail.at(-1) === carriageReturn && (rest.length === 0 || rest[0] === newline);
  if (end === offset && tail.at(-1) !== newline && !isHalf)
    throw changed(text.file, offset, 'no line ends there');
  const line = withoutNewline ? tail : tail.subarray(0, -1);
  const before = line.lastIndexOf(newline);
  const known = before !== -1 || tail.length === end;
  return {
    chunks: following(rest, chunks),
    lastLine: known ? line.subarray(before + 1) : undefined,
  };
}

/** The error for a text that is not the one that was read before. */
export function changed(file: string, offset: number, found: string): Error {
  return unreadable(
    file,
    `reading stopped after the line that ends at byte ${offset}, but ${found}: it was cut or changed since.`,
    'Put the file back as it was, or import it into a new database.',
  );
}
