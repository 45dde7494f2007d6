import { escapeControls } from '@ihandler/core';
import { formatCount } from '@ihandler/core/kit';
import type { StoredValue } from '../read/attack.ts';
import { decode } from '../rows/cells.ts';

/** The text of a stored value as it is: bytes as UTF-8, U+FFFD where they are not, NULL as nothing. */
export function storedText(value: StoredValue | undefined): string {
  if (value === null || value === undefined) return '';
  return value instanceof Uint8Array ? decode(value) : String(value);
}

/** A stored value for one line of a terminal, whole. NULL is `None`, as Python prints it. */
export function printed(value: StoredValue | undefined): string {
  return value === null || value === undefined ? 'None' : escapeControls(storedText(value));
}

function clip(text: string, most: number, mark: string): string {
  if (text.length <= most) return escapeControls(text);
  // Half a surrogate pair would be shown as an escape that the text does not hold.
  const end = /[\ud800-\udbff]/.test(text.charAt(most - 1)) ? most - 1 : most;
  return `${escapeControls(text.slice(0, end))}${mark}`;
}

/** Text for one line of a terminal; beyond `most` characters it is cut, with a mark that says how long it is. */
export function cut(text: string, most: number): string {
  return clip(text, most, `… (${formatCount(text.length)} characters)`);
}

/** As {@link cut}, for one line of many. */
export function cutLine(text: string, most: number): string {
  return clip(text, most, '…');
}

/** The most characters of one value that the default format shows. */
export const LONGEST_SHOWN = 1000;

/** A stored value for one line of a terminal, cut when it is huge. NULL is `-`. */
export function shown(value: StoredValue | undefined, most = LONGEST_SHOWN): string {
  return value === null || value === undefined ? '-' : cut(storedText(value), most);
}

/** As {@link shown}, in quotes, so that nothing and blanks can be seen. */
export function quoted(value: StoredValue | undefined, most = LONGEST_SHOWN): string {
  return value === null || value === undefined ? '-' : `'${cut(storedText(value), most)}'`;
}

/** Whether a stored value says nothing: NULL or an empty text. */
export function isBlank(value: StoredValue | undefined): boolean {
  return storedText(value) === '';
}
