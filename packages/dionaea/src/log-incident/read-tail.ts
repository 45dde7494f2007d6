import type { Incident } from '@ihandler/core';
import type { ReadLine } from './read-line.ts';

/** The bytes with which a line of log_incident may begin; in a string inside of one, quotes are escaped. */
const beginning = /\{"(?:timestamp|name|origin|data)"\s*:/g;
/** How many of them are tried. */
const mostTries = 16;

/** A whole incident at the end of a line. */
export interface LineTail {
  readonly incident: Incident;
  /** Where it begins, in bytes from the beginning of the line. */
  readonly begins: number;
}

/**
 * Reads the whole incident at the end of a line that is invalid, because its writer died inside an earlier line and later
 * continued right behind it; undefined when there is none.
 */
export function readTail(
  bytes: Buffer,
  from: number,
  to: number,
  end: number,
  readLine: ReadLine,
): LineTail | undefined {
  // Each byte becomes one character, so that positions are those of bytes.
  const text = bytes.toString('latin1', from, to);
  let tries = 0;
  for (const { index } of text.matchAll(beginning)) {
    if (index === 0) continue;
    tries += 1;
    if (tries > mostTries) return undefined;
    const incident = readLine(bytes.toString('utf8', from + index, to), end);
    if (typeof incident !== 'string') return { incident, begins: index };
  }
  return undefined;
}
