import { isUtf8 } from 'node:buffer';
import type { Incident, Log, Reject } from '@ihandler/core';
import { parseReject } from '@ihandler/core/kit';
import { hasByteOrderMark } from '../text/first-line.ts';
import type { SkipNulls, TakeLine } from '../text/split-lines.ts';
import type { ReadLine } from './read-line.ts';

/** The longest text, in bytes, that a reject keeps; what is longer is only located. */
export const keptText = 64 * 1024;

/** How many incidents are reported at once. */
export const batchSize = 1000;

/** Something that a rejects file only locates: it has to be read where it was. */
export interface Located {
  readonly reject: Reject;
  readonly ordinal: number;
}

/** What lines turned out to be. */
export interface Taken {
  /** In the order of the lines. */
  readonly found: readonly (Incident | Located)[];
  readonly rejects: readonly Reject[];
}

/** Makes incidents of lines until they are collected. */
export interface LineTaker {
  readonly take: TakeLine;
  readonly skipNulls: SkipNulls;
  /** Whether enough was found to hand it over. */
  isFull(): boolean;
  /** All that was found; with `whole`, when that is more than a batch, what makes whole batches. The rest waits for the next time. */
  collect(whole?: 'whole'): Taken;
}

/** What {@link createLineTaker} needs to know of the file. */
export interface LineTakerSettings {
  readonly file: string;
  readonly maxLine: number;
  /** Whether its lines are rejects of other files, to be tried again. */
  readonly ofRejects: boolean;
  readonly readLine: ReadLine;
  readonly log: Log;
}

function asText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Makes a {@link LineTaker}. Bytes that are not UTF-8 are read as U+FFFD, which is said once. */
export function createLineTaker({ file, maxLine, ofRejects, readLine, log }: LineTakerSettings): LineTaker {
  let found: (Incident | Located)[] = [];
  let rejects: Reject[] = [];
  let size = 0;
  let saidNotUtf8 = false;

  function decode(bytes: Buffer, from: number, to: number): string {
    const text = bytes.toString('utf8', from, to);
    if (!saidNotUtf8 && text.includes('\ufffd') && !isUtf8(bytes.subarray(from, to))) {
      saidNotUtf8 = true;
      log.warn('some lines are not UTF-8: what cannot be read is shown as U+FFFD', { file });
    }
    return text;
  }
  function reject(bytes: Buffer | undefined, offset: number, length: number, reason: string): void {
    const place = { file, offset, length, reason };
    if (bytes === undefined || length > keptText) rejects.push(place);
    else rejects.push({ ...place, text: isUtf8(bytes) ? bytes.toString('utf8') : new Uint8Array(bytes) });
  }
  function retry(inner: Reject, ordinal: number): void {
    const { text } = inner;
    if (text === undefined) {
      found.push({ reject: inner, ordinal });
      return;
    }
    const incident = readLine(typeof text === 'string' ? text : asText(text), ordinal);
    if (typeof incident === 'string') rejects.push({ ...inner, reason: incident });
    else found.push(incident);
  }

  return {
    take(bytes, from, to, start, end, whole) {
      const length = to - from;
      size += length;
      if (bytes === undefined || length > maxLine) {
        const kept = bytes?.subarray(from, to);
        reject(kept, start, length, `Expected a line of at most ${maxLine} bytes, found ${length}.`);
        return;
      }
      const mark = start === 0 && hasByteOrderMark(bytes.subarray(from, to)) ? 3 : 0;
      const text = decode(bytes, from + mark, to);
      const incident = readLine(text, end);
      if (typeof incident !== 'string') {
        found.push(incident);
        return;
      }
      if (text.trim() === '') return;
      const inner = ofRejects ? parseReject(text) : undefined;
      if (inner !== undefined) retry(inner, end);
      else
        reject(
          bytes.subarray(from, to),
          start,
          length,
          whole ? incident : `The last line is cut. ${incident}`,
        );
    },
    skipNulls(start, length) {
      const reason = `Expected text, found ${length} NUL bytes, as a machine leaves them that lost power: what was there is lost.`;
      rejects.push({ file, offset: start, length, reason });
    },
    isFull: () => found.length >= batchSize || rejects.length > 0 || size >= 4 * 1024 * 1024,
    collect(whole) {
      // Each report costs a transaction: a small one as much as a whole batch. Rejects let nothing before them wait.
      const rest = whole === undefined || rejects.length > 0 ? 0 : found.length % batchSize;
      const end = rest < found.length ? found.length - rest : found.length;
      const taken = { found: found.slice(0, end), rejects };
      found = found.slice(end);
      rejects = [];
      size = 0;
      return taken;
    },
  };
}
