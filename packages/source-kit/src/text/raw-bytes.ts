import { type FileHandle, open } from 'node:fs/promises';
import { explainFileError, unreadable } from '../unreadable.ts';

/** The bytes of a file or of standard input as stored. */
export interface RawBytes {
  /** The size in bytes when it was opened; undefined for a pipe or a terminal. */
  readonly size: number | undefined;
  /** The bytes from an offset on; an offset other than 0 requires a size. */
  read(start: number): AsyncGenerator<Buffer>;
  close(): Promise<void>;
}

/** About a batch of incidents: incidents reported in one turn of the event loop share a transaction. */
const chunkSize = 512 * 1024;

/** Reads one chunk ahead, so that the disk works while the caller does. */
async function* readFile(handle: FileHandle, start: number | undefined): AsyncGenerator<Buffer> {
  let at = start;
  const next = async () => {
    const buffer = Buffer.allocUnsafeSlow(chunkSize);
    const { bytesRead } = await handle.read(buffer, 0, chunkSize, at ?? null);
    if (at !== undefined) at += bytesRead;
    return buffer.subarray(0, bytesRead);
  };
  let ahead = next();
  try {
    for (let chunk = await ahead; chunk.length > 0; chunk = await ahead) {
      ahead = next();
      yield chunk;
    }
  } finally {
    // The handle must not be closed during a read. A failure of that read is thrown above or no longer relevant.
    await Promise.allSettled([ahead]);
  }
}

/** Opens a file for reading; throws `TARGET_UNREADABLE` for a folder, a missing file or a missing permission. */
export async function openFile(file: string): Promise<RawBytes> {
  let handle: FileHandle | undefined;
  try {
    const opened = await open(file);
    handle = opened;
    const stats = await opened.stat();
    if (stats.isDirectory())
      throw unreadable(file, 'this is a folder; expected a file.', 'Name a file in it.');
    const size = stats.isFile() ? stats.size : undefined;
    return {
      size,
      read: (start) => readFile(opened, size === undefined ? undefined : start),
      close: () => opened.close(),
    };
  } catch (error) {
    await handle?.close();
    throw explainFileError(file, error);
  }
}

/** Standard input, which ends when `signal` aborts. */
export function openStandardInput(signal?: AbortSignal): RawBytes {
  const stop = () => process.stdin.destroy();
  async function* read(): AsyncGenerator<Buffer> {
    signal?.addEventListener('abort', stop, { once: true });
    // Safe: no encoding is set on standard input, so it yields bytes.
    yield* process.stdin as AsyncIterable<Buffer>;
  }
  return {
    size: undefined,
    read,
    async close() {
      signal?.removeEventListener('abort', stop);
      stop();
    },
  };
}
