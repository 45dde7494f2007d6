import type { Value } from '@ihandler/core';
import type { Cell } from '../schema/tables.ts';

// A byte order mark at the start is part of the attacker's text.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Decodes bytes as UTF-8, with U+FFFD for invalid ones. */
export function decode(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

function json(value: object): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner instanceof Uint8Array ? decode(inner) : inner,
  );
}

/** A value for a column without a type: a number stays a number, bytes become text, a missing value is NULL. */
export function plain(value: Value | undefined): Cell {
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (value === undefined || value === null) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Uint8Array ? decode(value) : json(value);
}

/** A value for a TEXT column. */
export function text(value: Value | undefined): string | null {
  if (typeof value === 'string') return value;
  const cell = plain(value);
  return cell === null ? null : String(cell);
}

/** A value for an INTEGER column: the text of an integer becomes a number, as with SQLite's affinity; other text stays text. */
export function integer(value: Value | undefined): Cell {
  const cell = plain(value);
  return typeof cell === 'string' && /^[+-]?\d{1,15}$/.test(cell) ? Number(cell) : cell;
}

/** Milliseconds as seconds, to the microsecond: the most that every database stores. */
export function seconds(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1e6;
}
