import { crc32 } from 'node:zlib';

/**
 * The checksum of a row: CRC-32 of its text and of its other values, an integer from 0 to 2^32 - 1. It finds every change of
 * up to 32 neighbouring bits, and any other change but one in 4,000 million. It protects against damage, not against people.
 */
export function checksum(text: string, ...values: readonly (number | string)[]): number {
  return crc32(values.join('\n'), crc32(text));
}

/** The values of a row that its checksum covers. */
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

export const entrySum: Covered<EntryValues> = ({ position, stream, ordinal, accepted_at: at, body }) =>
  crc32(`${position} ${stream} ${ordinal} ${at}`, crc32(body));

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
