import { describeError, type HandlerContext } from '@ihandler/core';
import { createCompressor } from './compressor.ts';
import { openFailure, writeFailure } from './file-failure.ts';
import { type LogStream, openLogStream } from './log-stream.ts';
import type { LogSettings, RotateSettings } from './options.ts';
import { shiftNames } from './rotated-names.ts';
import { periodOf } from './time-text.ts';

/** The largest single write, in characters. */
const CHUNK = 1 << 20;
/** Milliseconds after a failed rotation until the next attempt. */
const ROTATE_RETRY_AFTER = 60_000;

/** The result of appending lines. */
export interface AppendResult {
  /** How many lines, from the first one, are completely in the file. */
  readonly written: number;
  /** The reason why the other lines are not. */
  readonly failure?: Error;
}

/** A log file with its rotated files. Call no method before the promise of the last one has settled. */
export interface LogFile {
  /** Opens the file. Throws `TARGET_UNREADABLE` for a failure that only the operator can fix. */
  start(): void;
  /** Appends lines, each with its newline, rotating between them. Never throws. */
  append(lines: readonly string[]): Promise<AppendResult>;
  /** Opens the file anew if the path no longer leads to the open file. If that fails, it keeps writing to the open file. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** Whether a file of a size and an age is to be rotated before a line of `next` bytes. */
function isDue(
  { maxSize, every }: RotateSettings,
  file: { readonly size: number; readonly begun: number },
  next: number,
  now: number,
  local: boolean,
): boolean {
  if (file.size + next > maxSize) return true;
  if (every === undefined || now <= file.begun) return false;
  return typeof every === 'number'
    ? now - file.begun >= every
    : periodOf(every, file.begun, local) !== periodOf(every, now, local);
}

/** The end of the chunk of lines that starts at `from`: as many as fit into `room` bytes, but at least one. */
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

/** Creates a log file. Opens nothing. */
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

  /** Closes the open file, whatever its name is now. */
  async function end(): Promise<void> {
    const ending = stream;
    stream = undefined;
    await ending?.close();
  }

  async function rotateNow(current: LogStream, maxFiles: number): Promise<void> {
    // If another program has renamed the file, that was the rotation.
    if (current.isAt(file))
      try {
        shiftNames(file, maxFiles, compressor?.onMoved ?? (() => undefined));
      } catch (error) {
        rotateFrom = now() + ROTATE_RETRY_AFTER;
        log.warn('rotation failed, writing to the same file', { file, error: describeError(error) });
        return;
      }
    await end();
    compressor?.wake();
  }

  /** Opens the file anew when another program deleted or replaced it, and says so. */
  async function follow(): Promise<void> {
    const old = stream;
    const fate = old?.fate(file);
    if (old === undefined || fate === undefined) return;
    open();
    if (fate === 'deleted') log.warn('log file was deleted: writing to a new one', { file });
    else log.info('log file was replaced: writing to the new one', { file });
    await old.close();
  }

  /** The file for the next line, and how many bytes fit into it. */
  async function prepare(next: string): Promise<{ readonly open: LogStream; readonly room: number }> {
    for (;;) {
      const current = stream ?? open();
      const size = current.size();
      if (rotate === undefined || size === undefined)
        return { open: current, room: Number.POSITIVE_INFINITY };
      const time = now();
      if (size === 0) begun = time;
      const due = size > 0 && isDue(rotate, { size, begun }, Buffer.byteLength(next), time, localTime);
      if (!due) return { open: current, room: rotate.maxSize - size };
      // A file that could not be rotated takes chunks of any size.
      if (time < rotateFrom) return { open: current, room: Number.POSITIVE_INFINITY };
      await rotateNow(current, rotate.maxFiles);
    }
  }

  return {
    start() {
      try {
        compressor?.start();
        open();
      } catch (error) {
        throw openFailure(error, file);
      }
    },
    async append(lines) {
      let written = 0;
      try {
        await follow();
        while (written < lines.length) {
          const { open, room } = await prepare(lines[written] ?? '');
          const next = chunkEnd(lines, written, room);
          await open.write(lines.slice(written, next).join(''));
          written = next;
        }
        return { written };
      } catch (error) {
        const failure = writeFailure(error, file);
        try {
          await end();
        } catch (second) {
          log.warn('closing the log failed', { file, error: describeError(second) });
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
        throw writeFailure(error, file);
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
