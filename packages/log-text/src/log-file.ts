import { describeError, type HandlerContext } from '@ihandler/core';
import { createCompressor } from './compressor.ts';
import { openingFailure, passingFailure } from './file-failure.ts';
import { type LogStream, openLogStream } from './log-stream.ts';
import type { LogSettings, RotateSettings } from './options.ts';
import { shiftNames } from './rotated-names.ts';
import { periodOf } from './time-text.ts';

/** The most that is handed to the operating system at once, in characters. */
const CHUNK = 1 << 20;
/** How long a log that could not be rotated is written on before that is tried again, in milliseconds. */
const ROTATE_AGAIN_AFTER = 60_000;

/** What became of lines. */
export interface Appended {
  /** How many, from the front, are in the file, whole. */
  readonly written: number;
  /** Why the others are not. */
  readonly failure?: Error;
}

/** A log file with its rotated ones. Its functions are never called while one that is asynchronous has not settled. */
export interface LogFile {
  /** Opens the file. Throws `TARGET_UNREADABLE` for what only the operator can put right. */
  start(): void;
  /** Appends lines, each with its newline, rotating between them. Never throws. */
  append(lines: readonly string[]): Promise<Appended>;
  /** Opens the file anew when the path leads elsewhere, or nowhere, by now. When that fails the old one is written on. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** Whether a file of a size and an age is to be rotated before a line of `next` bytes. */
function isDue(
  { size, every }: RotateSettings,
  file: { readonly size: number; readonly begun: number },
  next: number,
  now: number,
  local: boolean,
): boolean {
  if (file.size + next > size) return true;
  if (every === undefined || now <= file.begun) return false;
  return typeof every === 'number'
    ? now - file.begun >= every
    : periodOf(every, file.begun, local) !== periodOf(every, now, local);
}

/** How many lines from `from` on are written at once: those that `room` bytes hold, but at least one. */
function chunkEnd(lines: readonly string[], from: number, room: number): number {
  let end = from;
  let length = 0;
  let bytes = 0;
  while (end < lines.length && length < CHUNK) {
    const line = lines[end] ?? '';
    length += line.length;
    bytes += room === Number.POSITIVE_INFINITY ? 0 : Buffer.byteLength(line);
    if (end > from && bytes > room) break;
    end += 1;
  }
  return end;
}

/** Makes a log file; it opens nothing. */
export function createLogFile(
  { file, rotate, localTime }: Pick<LogSettings, 'file' | 'rotate' | 'localTime'>,
  { log, now }: Pick<HandlerContext, 'log' | 'now'>,
): LogFile {
  const compressor = rotate?.gzip === true ? createCompressor(file, log) : undefined;
  let stream: LogStream | undefined;
  let begun = 0;
  let rotateFrom = Number.NEGATIVE_INFINITY;

  function open(): LogStream {
    const opened = openLogStream(file);
    begun = opened.begun ?? now();
    stream = opened;
    return opened;
  }

  /** Ends the open file, under whatever name it has by now. */
  async function end(): Promise<void> {
    const ending = stream;
    stream = undefined;
    await ending?.close();
  }

  async function rotateNow(current: LogStream, keep: number): Promise<void> {
    // When somebody else has renamed it, that was the rotation.
    if (current.isAt(file))
      try {
        shiftNames(file, keep, compressor?.onMoved ?? (() => undefined));
      } catch (error) {
        rotateFrom = now() + ROTATE_AGAIN_AFTER;
        log.warn('The log cannot be rotated, so it is written on', { file, error: describeError(error) });
        return;
      }
    await end();
    compressor?.wake();
  }

  /** The file that the next line goes to, and how many bytes may follow in it. */
  async function prepare(next: string): Promise<{ readonly open: LogStream; readonly room: number }> {
    for (;;) {
      const current = stream ?? open();
      const size = current.size();
      if (rotate === undefined || size === undefined)
        return { open: current, room: Number.POSITIVE_INFINITY };
      const time = now();
      if (size === 0) begun = time;
      const due = size > 0 && isDue(rotate, { size, begun }, Buffer.byteLength(next), time, localTime);
      // One that cannot be rotated takes chunks of any size.
      if (!due) return { open: current, room: rotate.size - size };
      if (time < rotateFrom) return { open: current, room: Number.POSITIVE_INFINITY };
      await rotateNow(current, rotate.keep);
    }
  }

  return {
    start() {
      try {
        compressor?.start();
        open();
      } catch (error) {
        throw openingFailure(error, file);
      }
    },
    async append(lines) {
      let written = 0;
      try {
        while (written < lines.length) {
          const { open, room } = await prepare(lines[written] ?? '');
          const next = chunkEnd(lines, written, room);
          await open.write(lines.slice(written, next).join(''));
          written = next;
        }
        return { written };
      } catch (error) {
        const failure = passingFailure(error, file);
        try {
          await end();
        } catch (second) {
          log.warn('The log cannot be closed', { file, error: describeError(second) });
        }
        return { written, failure };
      }
    },
    async reopen() {
      const old = stream;
      try {
        if (old === undefined || old.isAt(file)) return;
        open();
        await old.close();
      } catch (error) {
        throw passingFailure(error, file);
      }
    },
    async close() {
      try {
        await end();
      } finally {
        await compressor?.close();
      }
    },
  };
}
