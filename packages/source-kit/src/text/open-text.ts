import type { Progress } from '@ihandler/core';
import { explainFileError } from '../unreadable.ts';
import { hasFirstLine, withoutNulls } from './first-line.ts';
import { openFile, openStandardInput } from './raw-bytes.ts';
import { isPacked, unpack } from './unpack.ts';

/** The uncompressed bytes of a file or of standard input, which can be read in order, once. */
export interface Text {
  readonly file: string;
  /** Whether it is a pipe or a terminal, where more bytes may arrive late. */
  readonly live: boolean;
  /** Whether it is a plain file, in which `chunks` may start anywhere. */
  readonly seekable: boolean;
  /** The first bytes after any NUL bytes, at most 64 KiB, without consuming them. From a pipe, at least the first line. */
  head(): Promise<Buffer>;
  /** The bytes from an offset on. May be called once, with an offset other than 0 only when seekable. */
  chunks(offset?: number): AsyncGenerator<Buffer>;
  /** How many bytes of the file, as stored, have been read. */
  progress(): Progress;
  /** Safe to call twice. */
  close(): Promise<void>;
}

const headSize = 64 * 1024;
const empty = Buffer.alloc(0);

async function* prepend(
  { nulls, read, failure }: Gathered,
  rest: AsyncGenerator<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  for (let left = nulls; left > 0; left -= headSize) yield Buffer.alloc(Math.min(left, headSize));
  if (read.length > 0) yield read;
  if (failure !== undefined) throw failure.error;
  yield* rest;
}

/** The beginning of a text, with the failure that ended reading. */
interface Gathered {
  /** How many NUL bytes come first: copytruncate may leave as many as a file had bytes. */
  readonly nulls: number;
  readonly read: Buffer;
  readonly failure?: { readonly error: unknown };
}

/**
 * Reads until there are enough bytes after NUL bytes, the text ends or reading fails; returns the bytes read before that.
 */
async function gather(source: AsyncIterator<Buffer>, enough: (read: Buffer) => boolean): Promise<Gathered> {
  let read: Buffer = empty;
  let nulls = 0;
  try {
    while (!enough(read)) {
      const next = await source.next();
      if (next.done) break;
      const text = read.length === 0 ? withoutNulls(next.value) : next.value;
      nulls += next.value.length - text.length;
      read = read.length === 0 ? text : Buffer.concat([read, text]);
    }
    return { nulls, read };
  } catch (error) {
    return { nulls, read, failure: { error } };
  }
}

/**
 * Opens a file, or standard input for `-`. Uncompresses gzip and zstd data, whatever the name of the file. Its errors say what
 * cannot be read and what to do. The bytes end when `signal` aborts.
 */
export async function openText(file: string, signal?: AbortSignal): Promise<Text> {
  const raw = file === '-' ? openStandardInput(signal) : await openFile(file);
  const live = raw.size === undefined;
  let done = 0;

  async function* read(start: number): AsyncGenerator<Buffer> {
    done = start;
    for await (const chunk of raw.read(start)) {
      if (signal?.aborted) return;
      done += chunk.length;
      yield chunk;
    }
  }
  async function* explained(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    try {
      yield* chunks;
    } catch (error) {
      if (!signal?.aborted) throw explainFileError(file, error);
    }
  }

  const source = read(0);
  let text: AsyncGenerator<Buffer> | undefined;
  const close = async () => {
    // First the readers, which wait for a running read; then the file.
    await text?.return(undefined);
    await source.return(undefined);
    await raw.close();
  };
  try {
    const first = await gather(source, (read) => read.length >= 4);
    if (first.failure !== undefined) throw first.failure.error;
    const compressed = first.nulls === 0 && isPacked(first.read);
    const all = prepend(first, source);
    const chunks = explained(compressed ? unpack(all, first.read) : all);
    text = chunks;
    const enough = (read: Buffer) => read.length >= headSize || (live && hasFirstLine(read));
    let gathered: Gathered | undefined;
    return {
      file,
      live,
      seekable: !live && !compressed,
      async head() {
        gathered ??= await gather(chunks, enough);
        if (gathered.read.length === 0 && gathered.failure !== undefined) throw gathered.failure.error;
        return gathered.read.subarray(0, headSize);
      },
      chunks: (offset = 0) =>
        offset === 0 ? prepend(gathered ?? { nulls: 0, read: empty }, chunks) : explained(read(offset)),
      progress: () => (raw.size === undefined ? { done } : { done, total: raw.size }),
      close,
    };
  } catch (error) {
    await close();
    throw explainFileError(file, error);
  }
}
