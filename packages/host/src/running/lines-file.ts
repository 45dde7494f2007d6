import { type FileHandle, open } from 'node:fs/promises';

/** A file of lines that comes into being with its first line, so that a run without any leaves none behind. */
export interface LinesFile {
  readonly path: string;
  readonly count: number;
  /** Adds a line, after those before it. Rejects when it cannot be written; so does every later one. */
  append(line: string): Promise<void>;
  /** Makes what was written durable. Rejects when a line could not be written. */
  close(): Promise<void>;
}

/** Never overwrites: a path that exists already is an error with the first line. Mode 0640. */
export function createLinesFile(path: string): LinesFile {
  let handle: FileHandle | undefined;
  let last: Promise<void> = Promise.resolve();
  let count = 0;
  async function write(line: string): Promise<void> {
    handle ??= await open(path, 'wx', 0o640);
    await handle.appendFile(`${line}\n`);
    count += 1;
  }
  return {
    path,
    get count() {
      return count;
    },
    append(line) {
      const written = last.then(() => write(line));
      last = written;
      return written;
    },
    async close() {
      try {
        await last;
        await handle?.sync();
      } finally {
        await handle?.close();
        handle = undefined;
      }
    },
  };
}
