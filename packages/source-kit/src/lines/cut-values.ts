import { createHash } from 'node:crypto';
import { isRecord } from '@ihandler/core/kit';

/** How many characters of a cut value stay, unless lines must be shorter than that. */
const mostKept = 64 * 1024;

/** What `data.cut` records of a value. */
interface CutValue {
  /** Where it is in `data`, such as `args.0`. */
  readonly path: string;
  /** The size of the whole value in UTF-8. */
  readonly bytes: number;
  /** The SHA-256 of the whole value in UTF-8. */
  readonly sha256: string;
}

/** A text, and the object or list that holds it. */
interface LongText {
  readonly path: string;
  readonly text: string;
  replace(text: string): void;
}

function textsIn(value: unknown, path: string, found: LongText[]): void {
  if (typeof value !== 'object' || value === null) return;
  // Safe: JSON.parse makes only plain objects and lists, whose members any key may name.
  const members = value as Record<string, unknown>;
  for (const [key, member] of Object.entries(members)) {
    const here = path === '' ? key : `${path}.${key}`;
    if (typeof member === 'string') {
      found.push({
        path: here,
        text: member,
        replace: (text) => {
          members[key] = text;
        },
      });
    } else textsIn(member, here, found);
  }
}

/** The beginning of a text, which does not end within a surrogate pair. */
function beginningOf(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

/**
 * Cuts the longest texts in the data of an incident, in place, until its line of `length` bytes has at most `most`. `cut` in the
 * data then lists each cut value with its size and its SHA-256. Returns false, and changes nothing, when no long text is the
 * reason for the length.
 */
export function cutValues(data: Record<string, unknown>, length: number, most: number): boolean {
  const kept = Math.min(mostKept, Math.floor(most / 4));
  const found: LongText[] = [];
  textsIn(data, '', found);
  const longest = found
    .filter(({ text }) => text.length > kept)
    .sort((a, b) => b.text.length - a.text.length)
    .slice(0, 100);
  const cut: { readonly value: CutValue; readonly apply: () => void }[] = [];
  let rest = length;
  for (const { path, text, replace } of longest) {
    if (rest <= most) break;
    const beginning = beginningOf(text, kept);
    // The escapes of JSON make a line longer than its texts, never shorter.
    rest -= Buffer.byteLength(JSON.stringify(text)) - Buffer.byteLength(JSON.stringify(beginning));
    const sha256 = createHash('sha256').update(text).digest('hex');
    cut.push({ value: { path, bytes: Buffer.byteLength(text), sha256 }, apply: () => replace(beginning) });
  }
  if (rest > most) return false;
  for (const { apply } of cut) apply();
  data['cut'] = cut.map(({ value }) => value);
  return true;
}

/** Whether a line is longer than a limit in bytes, and its length. */
export function lengthOver(text: string, most: number): number | undefined {
  if (text.length * 3 <= most) return undefined;
  const length = Buffer.byteLength(text);
  return length > most ? length : undefined;
}

/** The longest line that is read in order to cut its values, in bytes: it bounds the memory. */
export function longestRead(maxLine: number): number {
  return Math.max(maxLine, Math.min(4 * maxLine, 64 * 1024 * 1024));
}

/** Whether an incident has cut values. */
export function isCut({ data }: { readonly data: unknown }): boolean {
  return isRecord(data) && Array.isArray(data['cut']);
}
