import { isIPv6 } from 'node:net';
import { parseIpv4 } from './ipv4-words.ts';

/** The eight numbers of an IPv6 address. */
export type Ipv6 = readonly number[];

const GROUPS = 8;
const COLON = 58;

/** The numbers of an IPv6 address, in any spelling; undefined for any other text. */
export function parseIpv6(text: string): Ipv6 | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const dotted = /[\d.]+$/.exec(text)?.[0] ?? '';
  const value = dotted.includes('.') ? parseIpv4(dotted) : undefined;
  const plain =
    value === undefined
      ? text
      : `${text.slice(0, -dotted.length)}${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`;
  const [head = '', tail] = plain.split('::');
  const groups = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  if (tail === undefined) return groups(head);
  const [first, last] = [groups(head), groups(tail)];
  return [...first, ...new Array<number>(GROUPS - first.length - last.length).fill(0), ...last];
}

const [EMPTY, TOO_LONG] = [-1, -2];

/** The parts of a run between colons. Typed arrays, since an attacker can write a million colons. */
interface Parts {
  count: number;
  /** Where each part begins in the text; one more for the end of the last. A colon stands between two parts. */
  readonly from: Int32Array;
  /** The number in each part, `EMPTY` or `TOO_LONG`. */
  readonly values: Int32Array;
}

const roomFor = (parts: number): Parts => ({
  count: 0,
  from: new Int32Array(parts + 1),
  values: new Int32Array(parts),
});
const USUAL_PARTS = 256;
/** Used again for each usual run: a text may have a hundred thousand short ones. */
const usualParts = roomFor(USUAL_PARTS);

/** The kind of each ASCII character: the value of a hex digit, `COLON`, or `OTHER`. */
const OTHER = 255;
const kinds = new Uint8Array(128).fill(OTHER);
for (const [value, digit] of [...'0123456789abcdef'].entries())
  for (const one of [digit, digit.toUpperCase()]) kinds[one.charCodeAt(0)] = value;
kinds[COLON] = COLON;

/** Reads the parts of a run with the given number of colons. */
function readParts(text: string, begin: number, end: number, colons: number): Parts {
  const parts = colons < USUAL_PARTS ? usualParts : roomFor(colons + 1);
  const { from, values } = parts;
  let [part, start, value] = [0, begin, 0];
  from[0] = begin;
  for (let at = begin; at <= end; at += 1) {
    const kind = at < end ? (kinds[text.charCodeAt(at)] ?? OTHER) : COLON;
    if (kind !== COLON) {
      value = (value << 4) | kind;
      continue;
    }
    values[part] = at === start ? EMPTY : at - start > 4 ? TOO_LONG : value;
    part += 1;
    from[part] = at + 1;
    [start, value] = [at + 1, 0];
  }
  parts.count = colons + 1;
  return parts;
}

/** How many parts from `first` on are the end of an address whose numbers up to `done` were found before a `::`. */
function endingParts(
  { count: total, values }: Parts,
  first: number,
  address: Ipv6,
  done: number,
): number | undefined {
  for (let count = GROUPS - done - 1; count >= 0; count -= 1) {
    let isEnd = true;
    // From the last number on: it tells most addresses apart.
    for (let index = GROUPS - 1; isEnd && index >= done; index -= 1) {
      const ending = index - (GROUPS - count);
      isEnd = address[index] === (ending < 0 ? 0 : first + ending < total ? values[first + ending] : EMPTY);
    }
    if (isEnd) return count;
  }
  return undefined;
}

/** Up to which part, exclusive, the address reaches that begins at a part; undefined when it is another address. */
function endOf(parts: Parts, first: number, address: Ipv6): number | undefined {
  const { count, values } = parts;
  // An address begins with its first number or, when that is zero, with two colons.
  if (values[first] !== address[0] && (address[0] !== 0 || values[first - 1] === EMPTY)) return undefined;
  for (let done = 0; done < GROUPS; done += 1) {
    const part = first + done;
    if (part >= count) return undefined;
    if (values[part] === address[done]) continue;
    // Two colons: an empty part between others, or two at the start of an address.
    const rest = part + (done === 0 ? 2 : 1);
    if (values[part] !== EMPTY || values[rest - 1] !== EMPTY || rest >= count) return undefined;
    const ending = endingParts(parts, rest, address, done);
    // A part after a closing `::` makes another address of it.
    if (ending === undefined || (ending === 0 && values[rest] !== EMPTY)) return undefined;
    return rest + ending;
  }
  return first + GROUPS;
}

/**
 * Finds IPv6 addresses in any spelling, also where more groups stand before or after one: they may be a scheme or a port.
 * Each part of a text is compared with at most eight numbers of each address, so the time is linear.
 */
export function findIpv6(
  text: string,
  addresses: readonly Ipv6[],
  use: (from: number, to: number) => void,
): void {
  if (addresses.length === 0) return;
  let at = 0;
  while (at < text.length) {
    const begin = at;
    let colons = 0;
    for (; at < text.length; at += 1) {
      const kind = kinds[text.charCodeAt(at)] ?? OTHER;
      if (kind === OTHER) break;
      if (kind === COLON) colons += 1;
    }
    // No address has fewer than two colons.
    if (colons > 1) findInRun(readParts(text, begin, at, colons), at, addresses, use);
    at += 1;
  }
}

function findInRun(
  parts: Parts,
  runEnd: number,
  addresses: readonly Ipv6[],
  use: (from: number, to: number) => void,
): void {
  for (let first = 0; first < parts.count; first += 1)
    for (const address of addresses) {
      if (address[0] !== 0 && address[0] !== parts.values[first]) continue;
      const end = endOf(parts, first, address);
      if (end === undefined) continue;
      const last = parts.from[end] ?? 0;
      // The end of a part is before its colon; that of a closing `::` is after it.
      const to = parts.values[end - 1] === EMPTY ? last : last - 1;
      use(parts.from[first] ?? 0, Math.min(to, runEnd));
    }
}
