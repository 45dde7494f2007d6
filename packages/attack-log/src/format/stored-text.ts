import { escapeControls } from '@ihandler/core';
import { formatCount } from '@ihandler/core/kit';
import type { StoredValue } from '../read/attack.ts';
import { decode } from '../rows/cells.ts';

/** The text of a stored value: bytes decoded as UTF-8 with U+FFFD for invalid ones, NULL as an empty text. */
export function storedText(value: StoredValue | undefined): string {
  if (value === null || value === undefined) return '';
  return value instanceof Uint8Array ? decode(value) : String(value);
}

/** A stored value for one line of a terminal, in full. NULL is `None`, as Python prints it. */
export function printed(value: StoredValue | undefined): string {
  return value === null || value === undefined ? 'None' : escapeControls(storedText(value));
}

function clip(text: string, most: number, mark: string): string {
  if (text.length <= most) return escapeControls(text);
  // Half a surrogate pair would be printed as an escape sequence that the text does not contain.
  const end = /[\ud800-\udbff]/.test(text.charAt(most - 1)) ? most - 1 : most;
  return `${escapeControls(text.slice(0, end))}${mark}`;
}

/** Text for one line of a terminal, cut after `most` characters with a mark that shows its length. */
export function cut(text: string, most: number): string {
  return clip(text, most, `… (${formatCount(text.length)} characters)`);
}

/** As {@link cut}, with a short mark, for one line of many. */
export function cutLine(text: string, most: number): string {
  return clip(text, most, '…');
}

/** How many characters of one value the default format shows. */
export const LONGEST_VALUE = 1000;

/** A stored value for one line of a terminal, cut if it is huge. NULL is `-`. */
export function formatValue(value: StoredValue | undefined, most = LONGEST_VALUE): string {
  return value === null || value === undefined ? '-' : cut(storedText(value), most);
}

/** As {@link formatValue}, in quotes, so that an empty text and blanks are visible. */
export function quoted(value: StoredValue | undefined, most = LONGEST_VALUE): string {
  return value === null || value === undefined ? '-' : `'${cut(storedText(value), most)}'`;
}

/** Whether a stored value is NULL or an empty text. */
export function isBlank(value: StoredValue | undefined): boolean {
  return storedText(value) === '';
}
