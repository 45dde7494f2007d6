import { harmless, type Incident } from '@ihandler/core';
import { nestsDeeper } from './nests-deeper.ts';

/** The longest line that is read, in bytes. */
const MAX_LINE = 1024 * 1024;
/** How deep a line may nest. */
const MAX_DEPTH = 100;
const LINE_FEED = 10;

/** Reads one line. Gives the reason, for people, when it is no incident. */
export type ReadLine = (text: string, ordinal: number) => Incident | string;

/** A line that is no incident. */
export interface BadLine {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
  /** Where it is in the body, in bytes. */
  readonly offset: number;
  readonly bytes: Buffer;
}

/** What a body holds. */
export interface Read {
  readonly incidents: readonly Incident[];
  readonly bad: readonly BadLine[];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // That is the answer.
    return false;
  }
}

/** Whether a body is one value that was laid out over several lines. */
function isOneValue(body: Buffer, firstEnd: number): boolean {
  const first = body.toString('utf8', 0, firstEnd).trim();
  // Most first lines are a whole incident; only one that opens and does not close may go on.
  if (first === '' || first.endsWith('}') || !first.startsWith('{') || body.length > MAX_LINE) return false;
  return isJson(body.toString('utf8'));
}

function readOne(bytes: Buffer, read: ReadLine, ordinal: number): Incident | string | undefined {
  if (bytes.length > MAX_LINE) return `Expected a line of at most ${MAX_LINE} bytes, found ${bytes.length}.`;
  const text = bytes.toString('utf8').trim();
  if (text === '') return undefined;
  if (nestsDeeper(text, MAX_DEPTH)) return `Expected at most ${MAX_DEPTH} levels, found more.`;
  return read(text, ordinal);
}

/**
 * Reads a body: one incident, or one a line; blank lines are nothing. `nextOrdinal` is asked for every line that is not
 * blank, whatever comes of it.
 */
export function readLines(body: Buffer, read: ReadLine, nextOrdinal: () => number): Read {
  const incidents: Incident[] = [];
  const bad: BadLine[] = [];
  const start = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
  const firstEnd = body.indexOf(LINE_FEED);
  const whole = firstEnd !== -1 && isOneValue(body.subarray(start), firstEnd - start);
  let line = 0;
  for (let offset = start; offset < body.length; ) {
    const feed = whole ? -1 : body.indexOf(LINE_FEED, offset);
    const end = feed === -1 ? body.length : feed;
    const bytes = body.subarray(offset, end);
    line += 1;
    const taken = readOne(bytes, read, nextOrdinal());
    if (typeof taken === 'string') bad.push({ line, reason: harmless(taken).slice(0, 500), offset, bytes });
    else if (taken !== undefined) incidents.push(taken);
    offset = end + 1;
  }
  return { incidents, bad };
}
