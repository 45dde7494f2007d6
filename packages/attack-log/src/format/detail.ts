import type { StoredRow, StoredValue } from '../read/attack.ts';
import { isBlank, quoted } from './stored-text.ts';
import type { ZoneOptions } from './stored-time.ts';
import type { Styles } from './styles.ts';

/** One fact about a connection: a line, and further lines under it. */
export interface Detail {
  readonly label: string;
  readonly text: string;
  readonly more: readonly string[];
}

/** How to format details. */
export interface DetailStyle extends ZoneOptions {
  readonly styles: Styles;
  /** Width of a line after the label, in characters. */
  readonly room: number;
}

/** Makes a detail. */
export const detail = (label: string, text: string, ...more: string[]): Detail => ({ label, text, more });

/** `name value` for each column that has a value, with the names dim. */
export function pairs(row: StoredRow, prefix: string, names: readonly string[], { dim }: Styles): string {
  return names
    .filter((name) => !isBlank(row[prefix + name]))
    .map((name) => `${dim(name)} ${quoted(row[prefix + name])}`)
    .join(' ');
}

/** A detail with the row that it is about, which may have a time. */
export type TimedDetail = readonly [row: StoredRow, detail: Detail];

const indexes = new WeakMap<readonly StoredRow[], ReadonlyMap<StoredValue, StoredRow>>();

/** The row of a list whose column has a value. Fast, however many rows an attacker caused. */
export function rowWith(
  rows: readonly StoredRow[],
  column: string,
  value: StoredValue | undefined,
): StoredRow | undefined {
  if (value === null || value === undefined) return undefined;
  let index = indexes.get(rows);
  if (index === undefined) {
    index = new Map(rows.map((row) => [row[column] ?? null, row]));
    indexes.set(rows, index);
  }
  return index.get(value);
}
