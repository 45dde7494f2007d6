import { isUtf8 } from 'node:buffer';
import type { Value } from '@ihandler/core';
import { createTimestampParser } from '@ihandler/source-kit';

/** A column's value as better-sqlite3 returns it. */
export type Stored = string | number | Buffer | null;

/** The columns of a row by the names that our SQL gives them. */
export type StoredRow = Readonly<Record<string, Stored>>;

/** A value as an incident holds it: a BLOB becomes text if it is UTF-8, as dionaea intended, otherwise bytes. */
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

/** The approximate size of a row in memory, in bytes. */
export function sizeOf(row: StoredRow): number {
  let size = 100;
  for (const key in row) {
    const value = row[key];
    if (typeof value === 'string' || (typeof value === 'object' && value !== null)) size += value.length;
  }
  return size;
}

/** Converts seconds since the Unix epoch (a number, digits or a date) to milliseconds; undefined for anything else. */
export function toMilliseconds(stored: Stored | undefined): number | undefined {
  const text = toText(stored).trim();
  const seconds = text === '' ? Number.NaN : Number(text);
  const time = Number.isNaN(seconds) ? createTimestampParser()(text) : seconds * 1000;
  return time !== undefined && Number.isFinite(time) && Math.abs(time) <= 8.64e15 ? time : undefined;
}
