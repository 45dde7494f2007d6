import { isUtf8 } from 'node:buffer';
import type { Value } from '@ihandler/core';
import { createTimestampParser } from '../timestamp.ts';

/** What better-sqlite3 gives for a column. */
export type Stored = string | number | Buffer | null;

/** Columns by the names that our own SQL gave them. */
export type StoredRow = Readonly<Record<string, Stored>>;

/** A value as an incident holds it: a BLOB is text where it is UTF-8, as dionaea meant it, and bytes elsewhere. */
export function toValue(stored: Stored | undefined): string | number | Uint8Array | null {
  if (stored === undefined) return null;
  if (typeof stored !== 'object' || stored === null) return stored;
  return isUtf8(stored) ? stored.toString('utf8') : new Uint8Array(stored);
}

/** A value as text; `''` for NULL. */
export function toText(stored: Stored | undefined): string {
  if (stored === undefined || stored === null) return '';
  return typeof stored === 'object' ? stored.toString('utf8') : String(stored);
}

/** A whole number, also from decimal digits; undefined for anything else. */
export function toInteger(stored: Value | Stored | undefined): number | undefined {
  const number = typeof stored === 'string' && /^-?\d{1,15}$/.test(stored) ? Number(stored) : stored;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

/** About how many bytes a row takes in memory. */
export function sizeOf(row: StoredRow): number {
  let size = 100;
  for (const key in row) {
    const value = row[key];
    if (typeof value === 'string' || (typeof value === 'object' && value !== null)) size += value.length;
  }
  return size;
}

/** Seconds since the Unix epoch, as a number, digits or a date, in milliseconds; undefined for anything else. */
export function toMilliseconds(stored: Stored | undefined): number | undefined {
  const text = toText(stored).trim();
  const seconds = text === '' ? Number.NaN : Number(text);
  const time = Number.isNaN(seconds) ? createTimestampParser()(text) : seconds * 1000;
  return time !== undefined && Number.isFinite(time) && Math.abs(time) <= 8.64e15 ? time : undefined;
}
