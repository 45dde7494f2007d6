import type { Incident } from '@ihandler/core';
import type { ReadLine } from './read-line.ts';

/** The text with which a line of JSON begins; in a string inside of one, quotes are escaped. */
export const jsonBeginning = /\{"/g;
/** How many of them are tried. */
const mostTries = 16;

/** A whole line at the end of another one. */
export interface LineTail {
  readonly incidents: readonly Incident[];
  /** Where it begins, in bytes from the beginning of the line. */
  readonly begins: number;
}

/**
 * Reads the whole line at the end of one that is invalid, because its writer died inside an earlier line and later
 * continued right behind it; undefined when there is none.
 */
export function readTail(
  bytes: Buffer,
  from: number,
  to: number,
  end: number,
  readLine: ReadLine,
  beginning: RegExp = jsonBeginning,
): LineTail | undefined {
  // Each byte becomes one character, so that positions are those of bytes.
  const text = bytes.toString('latin1', from, to);
  let tries = 0;
  for (const { index } of text.matchAll(beginning)) {
    if (index === 0) continue;
    tries += 1;
    if (tries > mostTries) return undefined;
    const incidents = readLine(bytes.toString('utf8', from + index, to), end);
    if (typeof incidents !== 'string') return { incidents, begins: index };
  }
  return undefined;
}
