import type { Value } from '@ihandler/core';
import type { Cell } from '../schema/tables.ts';

// A byte order mark at the start is part of what an attacker wrote.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Text of bytes that an attacker wrote: UTF-8, U+FFFD where it is not. */
export function decode(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

function json(value: object): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner instanceof Uint8Array ? decode(inner) : inner,
  );
}

/** A value for a column without a type: numbers stay numbers, bytes become text, absent is NULL. */
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

/** A value for an INTEGER column: text that is an integer becomes one, as SQLite's affinity does; other text stays. */
export function integer(value: Value | undefined): Cell {
  const cell = plain(value);
  return typeof cell === 'string' && /^[+-]?\d{1,15}$/.test(cell) ? Number(cell) : cell;
}
