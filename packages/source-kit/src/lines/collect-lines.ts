import { isUtf8 } from 'node:buffer';
import type { Incident, Log, Reject } from '@ihandler/core';
import { createThrottledLog, parseReject } from '@ihandler/core/kit';
import { skipDamage } from '../text/first-line.ts';
import type { AddLine, AddNulls } from '../text/split-lines.ts';
import { isCut, longestRead } from './cut-values.ts';
import type { ReadLine } from './read-line.ts';
import { readTail } from './read-tail.ts';
import type { ResumeCheck } from './resume-check.ts';

const carriageReturn = 0x0d;

/** The longest text that a reject keeps, in bytes; of a longer line it has only the position. */
export const maxRejectText = 64 * 1024;

/** How many incidents are reported at once. */
export const batchSize = 1000;

/** How many bytes of lines are collected at once. */
const batchBytes = 4 * 1024 * 1024;

/** A line of a rejects file that has only the position of its text: the text must be read from the original file. */
export interface LocatedReject {
  readonly reject: Reject;
  readonly ordinal: number;
}

/** The results of lines. */
export interface CollectedLines {
  /** In the order of the lines. */
  readonly results: readonly (Incident | LocatedReject)[];
  readonly rejects: readonly Reject[];
}

/** Makes incidents from lines and holds them until they are collected. */
export interface LineCollector {
  readonly addLine: AddLine;
  readonly addNulls: AddNulls;
  /** Whether any line was valid. */
  hasValidLines(): boolean;
  /** How many valid lines held no incident. */
  skipped(): number;
  /** Whether there is enough to report. */
  isFull(): boolean;
  /** Returns all results, or with `fullBatches` only those that fill batches, when there is at least one batch. The rest stays. */
  collect(fullBatches?: 'fullBatches'): CollectedLines;
}

/** What {@link createLineCollector} needs to know of the file. */
export interface LineCollectorSettings {
  readonly file: string;
  /** The longest line, in bytes, whose values are not cut. */
  readonly maxLine: number;
  /** Whether its lines are rejects of other files, which are read again. */
  readonly isRejectsFile: boolean;
  readonly readLine: ReadLine;
  /** See `LineFormat.beginning`. */
  readonly beginning?: RegExp | undefined;
  /** Up to this offset, everything was read before: lines are read again only for what they say about sessions. */
  readonly after?: ResumeCheck | undefined;
  readonly log: Log;
}

function asText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function isBlank(text: string): boolean {
  return !(text.charCodeAt(0) > 0x20) && text.trim() === '';
}

/** Makes a {@link LineCollector}. It reads bytes that are not UTF-8 as U+FFFD and logs that once. */
export function createLineCollector({
  file,
  maxLine,
  isRejectsFile,
  readLine,
  beginning,
  after,
  log,
}: LineCollectorSettings): LineCollector {
  let results: (Incident | LocatedReject)[] = [];
  let rejects: Reject[] = [];
  let size = 0;
  let hasWarned = false;
  let hasValidLines = false;
  let skipped = 0;
  const longest = longestRead(maxLine);
  const cutLog = createThrottledLog(log.warn);

  function decode(bytes: Buffer, from: number, to: number): string {
    const text = bytes.toString('utf8', from, to);
    if (!hasWarned && text.includes('\ufffd') && !isUtf8(bytes.subarray(from, to))) {
      hasWarned = true;
      log.warn('some lines are not valid UTF-8; invalid bytes are replaced by U+FFFD', { file });
    }
    return text;
  }
  function reject(bytes: Buffer | undefined, offset: number, length: number, reason: string): void {
    if (after?.isKnown(offset + length)) return;
    const position = { file, offset, length, reason };
    if (bytes === undefined || length > maxRejectText) rejects.push(position);
    else rejects.push({ ...position, text: isUtf8(bytes) ? bytes.toString('utf8') : new Uint8Array(bytes) });
  }
  function retry(earlier: Reject, ordinal: number): void {
    const { text } = earlier;
    if (text === undefined) {
      results.push({ reject: earlier, ordinal });
      return;
    }
    const incidents = readLine(typeof text === 'string' ? text : asText(text), ordinal);
    if (typeof incidents === 'string') rejects.push({ ...earlier, reason: incidents });
    else accept(incidents, ordinal);
  }
  function accept(incidents: readonly Incident[], end: number, hasReturn = false): void {
    hasValidLines = true;
    const unknown = after === undefined ? incidents : after.unknown(incidents, end, hasReturn);
    if (incidents.length === 0 && !after?.isKnown(end)) skipped += 1;
    for (const incident of unknown) results.push(incident);
  }

  return {
    addLine(bytes, from, to, start, end, isComplete) {
      const length = to - from;
      size += length;
      if (bytes === undefined || length > longest) {
        const text = bytes?.subarray(from, to);
        reject(text, start, length, `Expected a line of at most ${longest} bytes, found ${length}.`);
        return;
      }
      // A writer that was restarted may write a byte order mark again.
      const text = decode(bytes, skipDamage(bytes, from, to), to);
      if (isBlank(text)) return;
      const incidents = readLine(text, end);
      if (typeof incidents !== 'string') {
        if (length > maxLine && incidents.some(isCut))
          cutLog.log('cut the long values of incidents over "maxLine"', { file }, 1);
        accept(incidents, end, bytes[to - 1] === carriageReturn);
        return;
      }
      const earlier = isRejectsFile ? parseReject(text) : undefined;
      const tail = earlier === undefined ? readTail(bytes, from, to, end, readLine, beginning) : undefined;
      if (earlier !== undefined) retry(earlier, end);
      else if (tail !== undefined) {
        const half = bytes.subarray(from, from + tail.begins);
        const reason = `Expected one incident, found the beginning of another one before it: the writer stopped inside a line and continued there. The whole incident behind it was read. ${incidents}`;
        reject(half, start, half.length, reason);
        accept(tail.incidents, end);
      } else
        reject(
          bytes.subarray(from, to),
          start,
          length,
          isComplete ? incidents : `The last line is incomplete. ${incidents}`,
        );
    },
    addNulls(start, length) {
      const reason = `Expected text, found ${length} NUL bytes, which a power failure or copytruncate leaves: the text there is lost.`;
      if (!after?.isKnown(start + length)) rejects.push({ file, offset: start, length, reason });
    },
    hasValidLines: () => hasValidLines,
    skipped: () => skipped,
    isFull: () => results.length >= batchSize || rejects.length > 0 || size >= batchBytes,
    collect(fullBatches) {
      // Each report costs a transaction, small or large. Before a reject is written, all results before it are reported.
      const rest = fullBatches === undefined || rejects.length > 0 ? 0 : results.length % batchSize;
      const end = rest < results.length ? results.length - rest : results.length;
      const collected = { results: results.slice(0, end), rejects };
      results = results.slice(end);
      rejects = [];
      size = 0;
      return collected;
    },
  };
}
