import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { LineFormat } from '../format.ts';
import { incidentsIn } from '../lines/try-line.ts';
import { unpack } from '../text/unpack.ts';
import { headSize, type LogFile, rawChunks, readAt } from './log-file.ts';

/** How many bytes before an offset are compared to recognise the text. */
export const windowSize = 1024;

/** The bytes of a part from an offset on. */
export interface PartBytes {
  /** The next bytes; `end`: there are none at the moment; `changed`: the bytes that were read before have changed. */
  next(): Promise<Buffer | 'end' | 'changed'>;
  /** The last bytes before the offset, at most {@link windowSize}. */
  readonly before: Buffer;
  /** Releases everything but the file. */
  close(): Promise<void>;
}

/** A hash of the bytes before an offset: the last {@link windowSize} of them, or all. */
export function checkOf(before: Buffer): string {
  return createHash('sha256').update(before.subarray(-windowSize)).digest('hex').slice(0, 16);
}

/** Compares the earlier bytes with the file after each read: only then is it certain that the new bytes belong to them. */
function plainBytes(file: LogFile, start: number, before: Buffer): PartBytes {
  const { handle } = file;
  const head = file.head.subarray(0, windowSize);
  let at = start;
  let window = before;
  let changedAt: bigint | undefined;

  async function isUnchanged(): Promise<boolean> {
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
      if (!(await isUnchanged())) return 'changed';
      // Only when there was nothing to read; otherwise the next call must read again.
      changedAt = chunk.length === 0 ? mtimeNs : undefined;
      if (chunk.length === 0) return 'end';
      at += chunk.length;
      window = Buffer.concat([window, chunk]).subarray(-windowSize);
      return chunk;
    },
    async close() {},
  };
}

async function openPlain(file: LogFile, offset: number, check: string): Promise<PartBytes | undefined> {
  if (file.size < offset) return undefined;
  const from = Math.max(0, offset - windowSize);
  const before = await readAt(file.handle, from, offset - from);
  return checkOf(before) === check ? plainBytes(file, offset, before) : undefined;
}

/** Uncompresses up to an offset; returns the bytes before it and those read beyond it, undefined when the data ends earlier. */
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

/** The uncompressed bytes of a file from its start. */
export async function* textChunks({
  handle,
  compressed,
}: Pick<LogFile, 'handle' | 'compressed'>): AsyncGenerator<Buffer> {
  if (compressed) yield* unpack(rawChunks(handle), await readAt(handle, 0, 4));
  else yield* rawChunks(handle);
}

async function openCompressed(
  { handle }: LogFile,
  offset: number,
  check: string,
): Promise<PartBytes | undefined> {
  const chunks = textChunks({ handle, compressed: true });
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
 * Opens the bytes of a file from an offset; undefined when the bytes before it do not have the hash `check`. The caller
 * closes the file.
 */
export function openBytes(file: LogFile, offset: number, check: string): Promise<PartBytes | undefined> {
  return file.compressed ? openCompressed(file, offset, check) : openPlain(file, offset, check);
}

const [newline, carriageReturn] = [0x0a, 0x0d];

/** The offset after the last newline before `end`; 0 when there is none. */
async function lineStart(handle: FileHandle, end: number): Promise<number> {
  for (let to = end; to > 0; ) {
    const from = Math.max(0, to - headSize);
    const last = (await readAt(handle, from, to - from)).lastIndexOf(newline);
    if (last !== -1) return from + last + 1;
    to = from;
  }
  return 0;
}

/**
 * The offset from which to follow a plain file that was imported up to `ordinal`: that ordinal, or the beginning of the line
 * when this had no newline yet or holds incidents after it. Undefined when no incident has that position, since the text is
 * another one then.
 */
export async function offsetAfter(
  { handle, size }: LogFile,
  ordinal: number,
  format: LineFormat,
): Promise<number | undefined> {
  const [last] = await readAt(handle, ordinal - 1, 1);
  if (last === newline || last === carriageReturn) return ordinal;
  if (size === ordinal - 1) return lineStart(handle, size);
  if (ordinal >= size) return undefined;
  const begins = await lineStart(handle, ordinal);
  const line = await lineAt(handle, begins);
  const count = line === undefined ? 0 : incidentsIn(format, line.toString('utf8'));
  return line !== undefined && begins + line.length + 1 - ordinal < count ? begins : undefined;
}

/** The line at an offset; undefined when it is longer than what is read of a file at once, or has no end yet. */
async function lineAt(handle: FileHandle, begins: number): Promise<Buffer | undefined> {
  const bytes = await readAt(handle, begins, headSize);
  const end = bytes.indexOf(newline);
  return end === -1 ? undefined : bytes.subarray(0, end);
}

/** The offset after the last newline of a plain file. */
export function offsetAtEnd({ handle, size }: LogFile): Promise<number> {
  return lineStart(handle, size);
}

/** The hash of the bytes before an offset of a plain file. */
export async function checkAt({ handle }: LogFile, offset: number): Promise<string> {
  const from = Math.max(0, offset - windowSize);
  return checkOf(await readAt(handle, from, offset - from));
}
