import { findIpv4 } from './ipv4-words.ts';
import { findIpv6 } from './ipv6-words.ts';
import type { OwnAddresses } from './own-addresses.ts';

/** The address that replaces the sensor's own. */
export const MASKED = '127.0.0.1';

/** The spelling of a mapped address before its IPv4 part. */
const MAPPED = /^::ffff:$/i;
const COLON = 58;
/** Characters of a dotted address with a NUL between each two: UTF-16 of either byte order, as in SMB. */
const WIDE = /(?:[\d.]\0){6,}[\d.]/g;

/** How many characters of an IPv6 address are before the last colon and its dotted part, at most. */
const BEFORE_DOTTED = 30;
/** The most addresses with a dotted part that are compared in one text. */
const MOST_DOTTED = 100;

type Ranges = [from: number, to: number][];

/** Replaces ranges of a text, in rising order, of which some may overlap. */
function replaced(text: string, ranges: Ranges): string {
  let [result, at] = ['', 0];
  for (const [from, to] of ranges) {
    if (from < at) continue;
    result += text.slice(at, from) + MASKED;
    at = to;
  }
  return result + text.slice(at);
}

function areInOrder(ranges: Ranges): boolean {
  let before = -1;
  for (const [from] of ranges) {
    if (from <= before) return false;
    before = from;
  }
  return true;
}

/** Where an IPv6 address begins that ends in the dotted notation at a place, such as `64:ff9b::192.0.2.1`; undefined for none. */
function startOfDotted(
  text: string,
  value: number,
  from: number,
  ipv6: OwnAddresses['ipv6'],
): number | undefined {
  const start = Math.max(0, from - 1 - BEFORE_DOTTED);
  const plain = `${text.slice(start, from)}${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`;
  let found: number | undefined;
  findIpv6(plain, ipv6, (begin, end) => {
    if (end === plain.length) found ??= start + begin;
  });
  return found;
}

/**
 * A text with each of the addresses replaced by `127.0.0.1`: in any spelling of IPv6, in dotted IPv4 (also with dashes, with
 * leading zeros, and within longer numbers such as those of nip.io). Returns the same text when it has none. The time is linear.
 */
export function maskText(text: string, { ipv4, ipv6 }: OwnAddresses): string {
  const ranges: Ranges = [];
  const ends = new Set(ipv6.map(([, , , , , , high = 0, low = 0]) => high * 65_536 + low));
  let dotted = 0;
  findIpv4(text, (value, from, to) => {
    const isAfterColon = text.charCodeAt(from - 1) === COLON;
    if (isAfterColon && ends.has(value) && !text.slice(from, to).includes('-')) {
      dotted += 1;
      // More is an attack on the time of this search: each is replaced without a look at what is before it.
      const start = dotted > MOST_DOTTED ? from : startOfDotted(text, value, from, ipv6);
      if (start !== undefined) ranges.push([start, to]);
    }
    if (!ipv4.has(value)) return false;
    const isMapped = isAfterColon && MAPPED.test(text.slice(Math.max(0, from - 7), from));
    ranges.push([isMapped ? from - 7 : from, to]);
    return true;
  });
  findIpv6(text, ipv6, (from, to) => ranges.push([from, to]));
  if (ranges.length === 0) return text;
  // Sorting takes as long as all the rest.
  if (!areInOrder(ranges)) ranges.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  return replaced(text, ranges);
}

function wide(text: string): string {
  return text.split('').join('\0');
}

/**
 * Bytes with each of the addresses replaced, in ASCII and in UTF-16. Returns the same object when they have none. In Latin-1
 * one byte is one character, so that no other byte changes.
 */
export function maskBytes(bytes: Uint8Array, own: OwnAddresses): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const changed = maskText(text, own).replace(WIDE, (run) => wide(maskText(run.replaceAll('\0', ''), own)));
  return changed === text ? bytes : new Uint8Array(Buffer.from(changed, 'latin1'));
}
