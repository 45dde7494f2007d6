import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { streamName } from '../stream-name.ts';
import { firstLine, hasFirstLine } from '../text/first-line.ts';
import { gunzip, isGzip } from '../text/gunzip.ts';
import { createTimestampParser } from '../timestamp.ts';

/** How much of a file is looked at to tell which part it is: the same as `import` looks at. */
export const headSize = 64 * 1024;

const linesLookedAt = 20;

/** How long after its last change a gzipped file may be unfinished, in milliseconds. */
export const writingTime = 60_000;

/** A file that was looked at, still open. */
export interface FoundFile {
  readonly path: string;
  readonly handle: FileHandle;
  /** Device and inode. */
  readonly id: string;
  readonly size: number;
  readonly compressed: boolean;
  /** The beginning of the uncompressed text. */
  readonly head: Buffer;
  /** The stream that its first line makes; undefined when it has none yet. */
  readonly base: string | undefined;
  /** Whether its first line is all there, so that `base` will not change. */
  readonly settled: boolean;
  /** The time of its first incident, or of its last change when none is near; in milliseconds. */
  readonly began: number;
  /** Whether an incident is near its beginning: other files may have similar names. */
  readonly holdsIncidents: boolean;
}

/** Device and inode, in a form that can be kept. */
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

async function uncompressedHead(handle: FileHandle, isFresh: boolean): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of gunzip(rawChunks(handle))) {
      parts.push(chunk);
      length += chunk.length;
      if (length >= headSize) break;
    }
  } catch (error) {
    // What is being written is cut as well; what stays cut still has a beginning.
    if (isFresh || length === 0) throw error;
  }
  return Buffer.concat(parts).subarray(0, headSize);
}

/** The time of the first incident of a text; a part may begin with half a line when a writer was interrupted. */
function timeOf(head: Buffer): number | undefined {
  for (const line of head.toString('utf8').split('\n', linesLookedAt)) {
    try {
      const wire: unknown = JSON.parse(line.replace(/^\ufeff/, ''));
      // Safe: the property is looked at by the parser, which takes anything.
      const time = createTimestampParser()((wire as Record<string, unknown> | null)?.['timestamp']);
      if (time !== undefined) return time;
    } catch {
      // No JSON: the next line may be.
    }
  }
  return undefined;
}

/**
 * Opens a file and looks at its beginning; throws what the file system or zlib does. The caller closes the handle. `now`
 * tells whether a gzipped one may still be being written.
 */
export async function findFile(path: string, sensor: string, now: number): Promise<FoundFile> {
  // Without O_NONBLOCK, which Windows lacks, a pipe of this name would be waited for.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile())
      throw Object.assign(new Error(`Expected a file, found something else: ${path}`), { code: 'EISDIR' });
    const raw = await readAt(handle, 0, headSize);
    const compressed = isGzip(raw);
    const isFresh = Math.abs(now - Number(stats.mtimeMs)) < writingTime;
    const head = compressed ? await uncompressedHead(handle, isFresh) : raw;
    const first = firstLine(head);
    const time = timeOf(head);
    return {
      path,
      handle,
      id: idOf(stats),
      size: Number(stats.size),
      compressed,
      head,
      base: first.length === 0 ? undefined : streamName('log_incident', sensor, first),
      settled: hasFirstLine(head) || head.length === headSize || compressed,
      began: time ?? Number(stats.mtimeMs),
      holdsIncidents: time !== undefined,
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The stream of a part: what its first line makes, or for a further generation of the same line, a name of its own. */
export function streamOf(base: string, generation: number, sensor: string): string {
  return generation === 0 ? base : streamName('log_incident-generation', sensor, base, String(generation));
}
