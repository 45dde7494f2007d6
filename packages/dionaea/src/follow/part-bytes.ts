import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { gunzip } from '../text/gunzip.ts';
import { type FoundFile, headSize, rawChunks, readAt } from './found-file.ts';

/** How many bytes before a place are compared to tell that it is still the same place. */
export const windowSize = 1024;

/** The bytes of a part from a place on. */
export interface PartBytes {
  /** The next bytes; `end`: no more at the moment; `changed`: what was read before is not there any more. */
  next(): Promise<Buffer | 'end' | 'changed'>;
  /** The last bytes before the place, at most {@link windowSize}. */
  readonly before: Buffer;
  /** Lets go of what it reads with, but not of the file. */
  close(): Promise<void>;
}

/** A hash of the bytes before a place: the last {@link windowSize} of them, or all. */
export function checkOf(before: Buffer): string {
  return createHash('sha256').update(before.subarray(-windowSize)).digest('hex').slice(0, 16);
}

/** What was read is compared with what is there now, after each reading: only then it is certain what the bytes were. */
function plainBytes(file: FoundFile, start: number, before: Buffer): PartBytes {
  const { handle } = file;
  const head = file.head.subarray(0, windowSize);
  let at = start;
  let window = before;
  let changedAt: bigint | undefined;

  async function isAsItWas(): Promise<boolean> {
    const now = await readAt(handle, 0, head.length);
    if (!now.equals(head)) return false;
    return (await readAt(handle, at - window.length, window.length)).equals(window);
  }

  return {
    before,
    async next() {
      const { size, mtimeNs } = await handle.stat({ bigint: true });
      if (size === BigInt(at) && mtimeNs === changedAt) return 'end';
      if (size < BigInt(at)) return 'changed';
      const chunk = await readAt(handle, at, headSize);
      if (!(await isAsItWas())) return 'changed';
      // Only when nothing was there to read: else the next look has to read again.
      changedAt = chunk.length === 0 ? mtimeNs : undefined;
      if (chunk.length === 0) return 'end';
      at += chunk.length;
      window = Buffer.concat([window, chunk]).subarray(-windowSize);
      return chunk;
    },
    async close() {},
  };
}

async function openPlain(file: FoundFile, offset: number, check: string): Promise<PartBytes | undefined> {
  if (file.size < offset) return undefined;
  const from = Math.max(0, offset - windowSize);
  const before = await readAt(file.handle, from, offset - from);
  return checkOf(before) === check ? plainBytes(file, offset, before) : undefined;
}

/** Uncompresses up to a place; gives what is before it and what was read beyond it, undefined when it ends earlier. */
async function skipTo(
  chunks: AsyncGenerator<Buffer>,
  offset: number,
): Promise<{ readonly before: Buffer; readonly rest: Buffer } | undefined> {
  let before: Buffer = Buffer.alloc(0);
  let rest: Buffer = Buffer.alloc(0);
  for (let at = 0; at < offset; ) {
    const next = await chunks.next();
    if (next.done) return undefined;
    const passed = next.value.subarray(0, offset - at);
    rest = next.value.subarray(passed.length);
    before = Buffer.concat([before, passed]).subarray(-windowSize);
    at += passed.length;
  }
  return { before, rest };
}

async function openCompressed(
  { handle }: FoundFile,
  offset: number,
  check: string,
): Promise<PartBytes | undefined> {
  const chunks = gunzip(rawChunks(handle));
  const close = async () => {
    await chunks.return(undefined);
  };
  const skipped = await skipTo(chunks, offset).catch(async (error) => {
    await close();
    throw error;
  });
  if (skipped === undefined || checkOf(skipped.before) !== check) {
    await close();
    return undefined;
  }
  let { rest } = skipped;
  return {
    before: skipped.before,
    async next() {
      if (rest.length === 0) {
        const next = await chunks.next();
        return next.done ? 'end' : next.value;
      }
      const first = rest;
      rest = Buffer.alloc(0);
      return first;
    },
    close,
  };
}

/**
 * Goes to a place in a file, if what is before it has this hash; undefined when it has not. The file stays the caller's
 * to close.
 */
export function openBytes(file: FoundFile, offset: number, check: string): Promise<PartBytes | undefined> {
  return file.compressed ? openCompressed(file, offset, check) : openPlain(file, offset, check);
}

const [newline, carriageReturn] = [0x0a, 0x0d];

async function lineStart(handle: FileHandle, end: number): Promise<number> {
  for (let to = end; to > 0; ) {
    const from = Math.max(0, to - headSize);
    const found = (await readAt(handle, from, to - from)).lastIndexOf(newline);
    if (found !== -1) return from + found + 1;
    to = from;
  }
  return 0;
}

/**
 * The place from which a plain file that was imported up to `ordinal` is followed: there, or, when its last line had no
 * newline, at the beginning of that line. Undefined when no line ends there: it is another text.
 */
export async function placeAfter({ handle, size }: FoundFile, ordinal: number): Promise<number | undefined> {
  const [last] = await readAt(handle, ordinal - 1, 1);
  if (last === newline || last === carriageReturn) return ordinal;
  return size === ordinal - 1 ? lineStart(handle, size) : undefined;
}

/** The place after the last newline of a plain file. */
export function placeAtEnd({ handle, size }: FoundFile): Promise<number> {
  return lineStart(handle, size);
}

/** The hash that belongs to a place in a plain file. */
export async function checkAt({ handle }: FoundFile, place: number): Promise<string> {
  const from = Math.max(0, place - windowSize);
  return checkOf(await readAt(handle, from, place - from));
}
