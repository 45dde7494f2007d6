import { setImmediate as nextTurn } from 'node:timers/promises';
import { escapeControls, type Incident } from '@ihandler/core';
import { nestsDeeper } from './nests-deeper.ts';
import { Refusal } from './refusal.ts';

/** The longest accepted line, in bytes, unless a port accepts longer ones. */
export const MAX_LINE = 1024 * 1024;
/** The deepest accepted nesting of a line. */
const MAX_DEPTH = 100;
/** The most invalid lines that a response lists. */
const MAX_LISTED = 100;
/** A post with more invalid lines than this is refused as a whole. */
const MAX_INVALID = 1000;
/** How long a post is read before other posts have a turn, in milliseconds: a waiting dionaea may be among them. */
const TURN = 10;
/** How many lines are read between looks at the clock. */
const STRIDE = 64;
const [LINE_FEED, CARRIAGE_RETURN] = [10, 13];

/** Reads one line. Returns the reason, as text for people, when the line is invalid. */
export type ReadLine = (text: string, ordinal: number) => Incident | string;

/** A line of a body. */
export interface Line {
  /** From 1. */
  readonly line: number;
  /** Where it begins in the body, in bytes. */
  readonly offset: number;
  readonly bytes: Buffer;
}

/** A line that holds no valid incident, or one that conflicts with an incident that is stored. */
export interface InvalidLine extends Line {
  readonly reason: string;
  /** What is wrong, for programs: see {@link Conflict}. */
  readonly code?: string;
}

/** The contents of a body. */
export interface ParsedBody {
  readonly incidents: readonly Incident[];
  /** The line of each incident. */
  readonly lines: ReadonlyMap<Incident, Line>;
  readonly invalid: readonly InvalidLine[];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether a body is one JSON value that spans several lines. */
function isOneValue(body: Buffer, firstEnd: number): boolean {
  const first = body.toString('utf8', 0, firstEnd).trim();
  // Most first lines are a whole incident; only a line that opens an object and does not close it may continue.
  if (first === '' || first.endsWith('}') || !first.startsWith('{') || body.length > MAX_LINE) return false;
  return isJson(body.toString('utf8'));
}

function readOne(
  bytes: Buffer,
  read: ReadLine,
  ordinal: number,
  maxLine: number,
): Incident | string | undefined {
  if (bytes.length > maxLine) return `Expected a line of at most ${maxLine} bytes, found ${bytes.length}.`;
  const text = bytes.toString('utf8').trim();
  if (text === '') return undefined;
  if (nestsDeeper(text, MAX_DEPTH)) return `Expected at most ${MAX_DEPTH} levels, found more.`;
  return read(text, ordinal);
}

/** The lines of a body from `start`, without empty ones. */
function* linesOf(body: Buffer, start: number, isWhole: boolean): Generator<Line> {
  let line = 0;
  for (let offset = start; offset < body.length; ) {
    const feed = isWhole ? -1 : body.indexOf(LINE_FEED, offset);
    const end = feed === -1 ? body.length : feed;
    line += 1;
    const isEmpty = end === offset || (end === offset + 1 && body[offset] === CARRIAGE_RETURN);
    if (!isEmpty) yield { line, offset, bytes: body.subarray(offset, end) };
    offset = end + 1;
  }
}

/**
 * Reads a body: one incident, or one a line; blank lines are skipped. Calls `nextOrdinal` for every line that is not empty,
 * valid or not. Reads a large body in turns, so that other posts have theirs. Throws a {@link Refusal} for more than a
 * thousand invalid lines.
 */
export async function readLines(
  body: Buffer,
  read: ReadLine,
  nextOrdinal: () => number,
  maxLine: number = MAX_LINE,
): Promise<ParsedBody> {
  const incidents: Incident[] = [];
  const lines = new Map<Incident, Line>();
  const invalid: InvalidLine[] = [];
  const start = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
  const firstEnd = body.indexOf(LINE_FEED);
  const isWhole = firstEnd !== -1 && isOneValue(body.subarray(start), firstEnd - start);
  let turnStart = performance.now();
  let count = 0;
  for (const place of linesOf(body, start, isWhole)) {
    const result = readOne(place.bytes, read, nextOrdinal(), maxLine);
    if (typeof result === 'string') invalid.push({ ...place, reason: escapeControls(result).slice(0, 500) });
    else if (result !== undefined) {
      incidents.push(result);
      lines.set(result, place);
    }
    if (invalid.length > MAX_INVALID) throw tooManyInvalid(invalid);
    count += 1;
    if (count % STRIDE === 0 && performance.now() - turnStart > TURN) {
      await nextTurn();
      turnStart = performance.now();
    }
  }
  return { incidents, lines, invalid };
}

function tooManyInvalid(invalid: readonly InvalidLine[]): Refusal {
  const message = `Expected an incident in each line, found more than ${MAX_INVALID} invalid lines: nothing was stored.`;
  return new Refusal(400, message, {}, listInvalid(invalid));
}

/** Invalid lines as a response lists them. */
export function listInvalid(invalid: readonly InvalidLine[]): Readonly<Record<string, unknown>> {
  const rejected = invalid.slice(0, MAX_LISTED).map(({ line, reason, code }) => ({
    line,
    reason,
    ...(code !== undefined && { code }),
  }));
  return invalid.length > MAX_LISTED ? { rejected, more: invalid.length - MAX_LISTED } : { rejected };
}
