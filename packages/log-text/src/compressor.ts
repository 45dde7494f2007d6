import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  fchmodSync,
  fstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { describeError, type Log } from '@ihandler/core';
import { compressedName, countRotated, type OnMoved, rotatedName } from './rotated-names.ts';

/** How many milliseconds `close` waits for running compression. */
const CLOSE_TIMEOUT = 5000;

/** Compresses the rotated files of a log, one at a time, oldest first, while lines are written. */
export interface Compressor {
  /** Cleans up after a crash and compresses the remaining rotated files. */
  start(): void;
  /** Compresses rotated files that are not compressed yet. */
  wake(): void;
  readonly onMoved: OnMoved;
  /** Waits up to five seconds for running compression. The next start compresses the rest. */
  close(): Promise<void>;
}

interface Job {
  /** The current number of the file: rotations change it while the file is read. Undefined once it is removed. */
  number: number | undefined;
  readonly stop: AbortController;
}

/** Creates a compressor. Starts nothing. */
export function createCompressor(file: string, log: Log): Compressor {
  const part = `${file}.gz.part`;
  let job: Job | undefined;
  let busy = false;
  let closed = false;
  let work = Promise.resolve();

  function oldestPlain(): number | undefined {
    for (let number = countRotated(file); number >= 1; number -= 1)
      if (existsSync(rotatedName(file, number)) && !existsSync(compressedName(file, number))) return number;
    return undefined;
  }

  /** Puts the compressed file in place before it removes the original. {@link Compressor.start} handles a crash in between. */
  function finish({ number }: Job, read: number): boolean {
    if (number === undefined) return true;
    const plain = rotatedName(file, number);
    const { size, atime, mtime } = statSync(plain);
    if (size !== read) return false;
    utimesSync(part, atime, mtime);
    renameSync(part, compressedName(file, number));
    rmSync(plain);
    return true;
  }

  /** Opens synchronously: after the next turn of the event loop another file may have this name. */
  function openBoth(number: number): readonly [source: number, target: number] {
    const source = openSync(rotatedName(file, number), 'r');
    try {
      const target = openSync(part, 'w', 0o600);
      fchmodSync(target, fstatSync(source).mode & 0o777);
      return [source, target];
    } catch (error) {
      closeSync(source);
      throw error;
    }
  }

  /** Resolves to whether to continue with the next file. */
  async function compress(current: Job & { readonly number: number }): Promise<boolean> {
    try {
      const [source, target] = openBoth(current.number);
      const reader = createReadStream('', { fd: source });
      const writer = createWriteStream('', { fd: target, flush: true });
      await pipeline(reader, createGzip(), writer, { signal: current.stop.signal });
      if (finish(current, reader.bytesRead)) return true;
      log.warn('rotated log not compressed: another program still writes to it', { file });
    } catch (error) {
      if (current.stop.signal.aborted) return !closed;
      log.warn('compressing a rotated log failed, retrying at the next rotation', {
        file,
        error: describeError(error),
      });
    } finally {
      rmSync(part, { force: true });
    }
    return false;
  }

  async function compressAll(): Promise<void> {
    try {
      for (let number = oldestPlain(); number !== undefined && !closed; number = oldestPlain()) {
        const current = { number, stop: new AbortController() };
        job = current;
        if (!(await compress(current))) return;
      }
    } finally {
      job = undefined;
      busy = false;
    }
  }

  function wake(): void {
    if (busy || closed) return;
    busy = true;
    work = compressAll().catch((error: unknown) =>
      log.warn('compressing rotated logs failed', { file, error: describeError(error) }),
    );
  }

  return {
    start() {
      rmSync(part, { force: true });
      for (let number = countRotated(file); number >= 1; number -= 1)
        if (existsSync(compressedName(file, number))) rmSync(rotatedName(file, number), { force: true });
      wake();
    },
    wake,
    onMoved(from, to) {
      if (job?.number !== from) return;
      job.number = to;
      if (to === undefined) job.stop.abort();
    },
    async close() {
      const timer = new AbortController();
      const late = delay(CLOSE_TIMEOUT, true, { signal: timer.signal }).catch(() => false);
      const isLate = await Promise.race([work, late]);
      closed = true;
      if (isLate) job?.stop.abort();
      timer.abort();
      await work;
    },
  };
}
