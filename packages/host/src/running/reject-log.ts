import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The size at which a new file begins, in bytes. */
const LARGEST = 10_000_000;
/** The number of files, including the current one. */
const FILES = 5;

/** Stores lines in a few files of bounded size, the newest in `<name>.ndjson`, older ones in `<name>.1.ndjson` and so on. */
export interface RejectLog {
  /** Appends a line. Rejects when it cannot be written; the next call tries again. */
  append(line: string): Promise<void>;
  close(): Promise<void>;
}

/** Creates the first file with the first line. Files are readable for the owner and the group only. */
export function createRejectLog(
  folder: string,
  name: string,
  { largest = LARGEST, files = FILES }: { readonly largest?: number; readonly files?: number } = {},
): RejectLog {
  let handle: FileHandle | undefined;
  let size = 0;
  let last: Promise<void> = Promise.resolve();
  const path = (age: number) => join(folder, age === 0 ? `${name}.ndjson` : `${name}.${age}.ndjson`);

  async function rotate(): Promise<void> {
    await handle?.close();
    handle = undefined;
    await rm(path(files - 1), { force: true });
    for (let age = files - 2; age >= 0; age -= 1)
      await rename(path(age), path(age + 1)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error; // fewer files than the limit
      });
  }

  async function write(line: string): Promise<void> {
    const text = `${line}\n`;
    const length = Buffer.byteLength(text);
    if (handle === undefined) {
      handle = await open(path(0), 'a', 0o640);
      ({ size } = await handle.stat());
    }
    if (size > 0 && size + length > largest) {
      await rotate();
      handle = await open(path(0), 'a', 0o640);
      size = 0;
    }
    await handle.appendFile(text);
    size += length;
  }

  return {
    append(line) {
      const written = last.then(() => write(line));
      last = written.catch(() => undefined); // the caller gets it from `written`
      return written;
    },
    async close() {
      await last;
      await handle?.close();
      handle = undefined;
    },
  };
}
