import { type FileHandle, open } from 'node:fs/promises';

/** A file of lines that is created with its first line, so that a run without lines leaves no file behind. */
export interface LinesFile {
  readonly path: string;
  readonly count: number;
  /** Appends a line. Rejects when it cannot be written; so does every later call. */
  append(line: string): Promise<void>;
  /** Flushes the lines to disk. Rejects when a line could not be written. */
  close(): Promise<void>;
}

/** Creates a file with mode 0640. Never overwrites: the first line fails when the path exists. */
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
