import { setImmediate as nextTurn } from 'node:timers/promises';
import { escapeControls, type Incident } from '@ihandler/core';
import { nestsDeeper } from './nests-deeper.ts';
import { Refusal } from './refusal.ts';

/** The longest line that is read, in bytes. */
const MAX_LINE = 1024 * 1024;
/** How deep a line may nest. */
const MAX_DEPTH = 100;
/** The most bad lines that an answer lists. */
const LISTED = 100;
/** With more lines than this that are no incidents, a post is no list of incidents. */
const MAX_BAD = 1000;
/** How long a post is read before others have their turn, in milliseconds: dionaea may wait among them. */
const TURN = 10;
/** How many lines are read between looks at the clock. */
const STRIDE = 64;
const [LINE_FEED, CARRIAGE_RETURN] = [10, 13];

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

/** A line of a body, with its number from 1. */
interface Line {
  readonly line: number;
  readonly offset: number;
  readonly bytes: Buffer;
}

/** The lines of a body from a place on, without those that are empty. */
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
 * Reads a body: one incident, or one a line; blank lines are nothing. `nextOrdinal` is asked for every line that is not
 * empty, whatever comes of it. A large body is read in turns, between which others have theirs. Throws a {@link Refusal}
 * when more than a thousand lines are no incidents.
 */
export async function readLines(body: Buffer, read: ReadLine, nextOrdinal: () => number): Promise<Read> {
  const incidents: Incident[] = [];
  const bad: BadLine[] = [];
  const start = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
  const firstEnd = body.indexOf(LINE_FEED);
  const isWhole = firstEnd !== -1 && isOneValue(body.subarray(start), firstEnd - start);
  let began = performance.now();
  let count = 0;
  for (const { line, offset, bytes } of linesOf(body, start, isWhole)) {
    const taken = readOne(bytes, read, nextOrdinal());
    if (typeof taken === 'string')
      bad.push({ line, reason: escapeControls(taken).slice(0, 500), offset, bytes });
    else if (taken !== undefined) incidents.push(taken);
    if (bad.length > MAX_BAD) throw tooBad(bad);
    count += 1;
    if (count % STRIDE === 0 && performance.now() - began > TURN) {
      await nextTurn();
      began = performance.now();
    }
  }
  return { incidents, bad };
}

function tooBad(bad: readonly BadLine[]): Refusal {
  const message = `Expected an incident in each line, found more than ${MAX_BAD} lines that are none: nothing was stored.`;
  return new Refusal(400, message, {}, listed(bad));
}

/** Bad lines as an answer shows them. */
export function listed(bad: readonly BadLine[]): Readonly<Record<string, unknown>> {
  const rejected = bad.slice(0, LISTED).map(({ line, reason }) => ({ line, reason }));
  return bad.length > LISTED ? { rejected, more: bad.length - LISTED } : { rejected };
}
