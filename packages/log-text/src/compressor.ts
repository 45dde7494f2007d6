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

/** How long a close waits for what is not compressed yet, in milliseconds. */
const PATIENCE = 5000;

/** Compresses the rotated files of a log, one at a time, oldest first, while lines are written. */
export interface Compressor {
  /** Finishes what a crash left, and goes on with what is not compressed yet. */
  start(): void;
  /** Looks for rotated files that are not compressed. */
  wake(): void;
  readonly onMoved: OnMoved;
  /** Waits some seconds for what is not compressed yet; what is left then waits for the next start. */
  close(): Promise<void>;
}

interface Job {
  /** Rotations move the file while it is read; undefined once it is removed. */
  number: number | undefined;
  readonly stop: AbortController;
}

/** Makes a compressor; it starts nothing. */
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

  /** The compressed file takes its place before the other one goes; see {@link Compressor.start} for a crash in between. */
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

  /** Opens at once: after the next turn of the event loop another file may have this name. */
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

  /** Resolves to whether it is worth going on. */
  async function compress(current: Job & { readonly number: number }): Promise<boolean> {
    try {
      const [source, target] = openBoth(current.number);
      const reader = createReadStream('', { fd: source });
      const writer = createWriteStream('', { fd: target, flush: true });
      await pipeline(reader, createGzip(), writer, { signal: current.stop.signal });
      if (finish(current, reader.bytesRead)) return true;
      log.warn('A rotated log still grows, so it is not compressed: does another program write it?', {
        file,
      });
    } catch (error) {
      if (current.stop.signal.aborted) return !closed;
      log.warn('A rotated log cannot be compressed; it is tried again at the next rotation', {
        file,
        error: describeError(error),
      });
    } finally {
      rmSync(part, { force: true });
    }
    return false;
  }

  async function workOff(): Promise<void> {
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
    work = workOff().catch((error: unknown) =>
      log.warn('Rotated logs cannot be compressed', { file, error: describeError(error) }),
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
      const patience = new AbortController();
      const late = delay(PATIENCE, true, { signal: patience.signal }).catch(() => false);
      const isLate = await Promise.race([work, late]);
      closed = true;
      if (isLate) job?.stop.abort();
      patience.abort();
      await work;
    },
  };
}
