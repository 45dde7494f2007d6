import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { foreignFormat, MINUTE } from '@ihandler/core/kit';
import type { LineFormat } from '../format.ts';
import { timeOfLine } from '../lines/try-line.ts';
import { streamName } from '../stream-name.ts';
import { firstLine, hasFirstLine, withoutNulls } from '../text/first-line.ts';
import { isPacked, unpack } from '../text/unpack.ts';

/** How much of a file is read to identify the part that it holds, in bytes: as much as `import` reads. */
export const headSize = 64 * 1024;

/** In how many lines to look for the time of the first incident. */
const linesWithTime = 20;

/** How long after its last change a gzipped file may still be incomplete, in milliseconds. */
export const writingTime = MINUTE;

/** A file that may be a part: the followed file or one beside it. */
export interface PartFile {
  readonly path: string;
  /** Device and inode. */
  readonly id: string;
  readonly size: number;
  readonly compressed: boolean;
  /** The stream that its first line identifies; undefined when it has no line yet. */
  readonly base: string | undefined;
  /** Whether its first line is complete, so that `base` will not change. */
  readonly settled: boolean;
  /** The time of its first incident in milliseconds; the time of its last change if no incident is near the beginning. */
  readonly began: number;
  /** Whether an incident is near the beginning: files of other programs may have similar names. */
  readonly holdsIncidents: boolean;
  /** The time of its last change in milliseconds. */
  readonly changedAt: number;
  /** The format of a file that holds no lines of text, such as xz. */
  readonly foreign: ReturnType<typeof foreignFormat>;
}

/** An open file that may be a part. */
export interface LogFile extends PartFile {
  readonly handle: FileHandle;
  /** The beginning of the uncompressed text. */
  readonly head: Buffer;
}

/** What identifies the streams of files: their format and their sensor. */
export interface LogKind {
  readonly format: LineFormat;
  readonly sensor: string;
}

/** Device and inode as text, which the state can hold. */
export function idOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** Reads until the buffer is full or the file ends. */
export async function readAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

/** The bytes of a file from its start. */
export async function* rawChunks(handle: FileHandle): AsyncGenerator<Buffer> {
  for (let at = 0; ; ) {
    const chunk = await readAt(handle, at, headSize);
    if (chunk.length === 0) return;
    at += chunk.length;
    yield chunk;
  }
}

/**
 * The beginning of the text after any NUL bytes: copytruncate under a writer that continues at its offset leaves as many as
 * the file had bytes. Ends where the data is incomplete or damaged, unless the file is fresh.
 */
async function textHead(chunks: AsyncIterable<Buffer>, isFresh: boolean): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of chunks) {
      const text = length === 0 ? withoutNulls(chunk) : chunk;
      if (text.length > 0) parts.push(text);
      length += text.length;
      if (length >= headSize) break;
    }
  } catch (error) {
    // A file that is still being written is incomplete too. One that stays incomplete still has a beginning.
    if (isFresh || length === 0) throw error;
  }
  return Buffer.concat(parts).subarray(0, headSize);
}

/** The time in milliseconds of the first line that has one. A part may begin with half a line, when its writer was interrupted. */
export function timeOf(format: LineFormat, head: Buffer): number | undefined {
  for (const line of head.toString('utf8').split('\n', linesWithTime)) {
    const time = timeOfLine(format, line.replace(/^[\ufeff\0]+/, ''));
    if (time !== undefined) return time;
  }
  return undefined;
}

/**
 * Opens a file and reads its beginning; throws the errors of the file system and of zlib. The caller closes the handle.
 * With `now` it decides whether a gzipped file may still be being written.
 */
export async function openLogFile(path: string, { format, sensor }: LogKind, now: number): Promise<LogFile> {
  // Without O_NONBLOCK, which Windows lacks, opening a pipe would block.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile())
      throw Object.assign(new Error(`expected a regular file: ${path}`), { code: 'EISDIR' });
    const raw = await readAt(handle, 0, headSize);
    const compressed = isPacked(raw);
    const foreign = compressed ? undefined : foreignFormat(raw);
    const isFresh = Math.abs(now - Number(stats.mtimeMs)) < writingTime;
    const head = compressed
      ? await textHead(unpack(rawChunks(handle), raw), isFresh)
      : raw[0] === 0
        ? await textHead(rawChunks(handle), false)
        : raw;
    const first = foreign === undefined ? firstLine(head) : Buffer.alloc(0);
    const time = timeOf(format, head);
    return {
      path,
      handle,
      id: idOf(stats),
      size: Number(stats.size),
      compressed,
      head: compressed ? head : raw,
      base: first.length === 0 ? undefined : streamName(format.name, sensor, first),
      settled: hasFirstLine(head) || head.length === headSize || compressed,
      began: time ?? Number(stats.mtimeMs),
      holdsIncidents: time !== undefined,
      changedAt: Number(stats.mtimeMs),
      foreign,
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The stream of a part: the one that its first line identifies, or another one for a further generation of the same line. */
export function streamOf(name: string, base: string, generation: number, sensor: string): string {
  return generation === 0 ? base : streamName(`${name}-generation`, sensor, base, String(generation));
}

/** Whether a file is as it was when it was opened, apart from more text at its end: not trimmed, emptied or rewritten. */
export async function isAsSurveyed({ handle, size, changedAt, head, compressed }: LogFile): Promise<boolean> {
  const now = await handle.stat();
  if (Math.trunc(now.mtimeMs) === changedAt && now.size === size) return true;
  if (now.size <= size || compressed) return false;
  return (await readAt(handle, 0, head.length)).equals(head);
}
