import { crc32 } from 'node:zlib';

/**
 * The checksum of a row: CRC-32 of its text and of its other values, an integer from 0 to 2^32 - 1. It finds every change of
 * up to 32 neighbouring bits, and any other change but one in 4,000 million. It protects against damage, not against people.
 */
export function checksum(text: string, ...values: readonly (number | string)[]): number {
  return crc32(values.join('\n'), crc32(text));
}

/** Computes the checksum of a row from the values that it covers. */
type Covered<T> = (row: T) => number;

/** The row of an entry. */
export interface EntryValues {
  readonly position: number;
  readonly stream: number;
  readonly ordinal: number;
  readonly accepted_at: number;
  readonly body: string;
}

/** The row of a stream. */
export interface StreamValues {
  readonly id: number;
  readonly name: string;
  readonly removed: number;
}

/** The row of a cursor, without the time when it was used last. */
export interface CursorValues {
  readonly instance: string;
  readonly first: number;
  readonly position: number;
  readonly delivered: number;
  readonly filtered: number;
  readonly dead: number;
  readonly dropped: number;
  readonly lost: number;
  readonly written: string;
}

/** The row of a dead letter. */
export interface LetterValues {
  readonly instance: string;
  readonly position: number;
  readonly reason: string;
  readonly attempts: number;
  readonly at: number;
  readonly body: string;
}

/** The row of a source's state. */
export interface StateValues {
  readonly source: string;
  readonly state: string;
  readonly at: number;
}

/** Two to the power of 32: an integer of SQLite has a low and a high half. */
const HALF = 4_294_967_296;

/** Mixes an integer into a hash of 32 bits. */
function mix(hash: number, integer: number): number {
  const low = Math.imul(hash ^ (integer % HALF), 0x9e37_79b1);
  const both = Math.imul(low ^ (integer / HALF), 0x85eb_ca6b);
  return (both ^ (both >>> 15)) >>> 0;
}

/** Numbers start the CRC instead of being written out as text: entries are on the hot path. */
export function entrySum({ position, stream, ordinal, accepted_at: at, body }: EntryValues): number {
  return crc32(body, mix(mix(mix(mix(0, position), stream), ordinal), at));
}

export const streamSum: Covered<StreamValues> = ({ id, name, removed }) => checksum(name, id, removed);

export const cursorSum: Covered<CursorValues> = ({ instance, first, position, written, ...counts }) => {
  const { delivered, filtered, dead, dropped, lost } = counts;
  return checksum(written, instance, first, position, delivered, filtered, dead, dropped, lost);
};

export const letterSum: Covered<LetterValues> = ({ instance, position, reason, attempts, at, body }) =>
  checksum(body, instance, position, reason, attempts, at);

export const stateSum: Covered<StateValues> = ({ source, state, at }) => checksum(state, source, at);

/** Whether a row is as it was written. Rows of earlier versions have no checksum and count as sound. */
export function isSound<T>(row: T, covered: Covered<T>, sum: unknown): boolean {
  return typeof sum !== 'number' || sum === covered(row);
}
