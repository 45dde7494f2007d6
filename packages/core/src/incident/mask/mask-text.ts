import { findIpv4, parseIpv4 } from './ipv4-words.ts';
import { findIpv6 } from './ipv6-words.ts';
import type { OwnAddresses } from './own-addresses.ts';

/** The address that replaces the sensor's own. */
export const MASKED = '127.0.0.1';

/** The spelling of a mapped address before its IPv4 part. */
const MAPPED = /^::ffff:$/i;
const COLON = 58;
/** Characters of a dotted address with a NUL between each two: UTF-16 of either byte order, as in SMB. */
const WIDE = /(?:[\d.]\0){6,}[\d.]/g;

const DOTTED = /:(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})/g;
/** How many characters of an IPv6 address are before its dotted part, at most. */
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

/** Finds IPv6 addresses that end in dotted notation, such as `64:ff9b::192.0.2.1`. */
function findDotted(text: string, ipv6: OwnAddresses['ipv6'], ranges: Ranges): void {
  let count = 0;
  for (const { 1: dotted = '', index } of text.matchAll(DOTTED)) {
    const value = parseIpv4(dotted) ?? -1;
    const end = index + 1 + dotted.length;
    if (!ipv6.some(([, , , , , , high = 0, low = 0]) => value === high * 65_536 + low)) continue;
    count += 1;
    // This number is an attack on the time of this search: each is replaced without a look at what is before it.
    if (count > MOST_DOTTED) ranges.push([index + 1, end]);
    const start = Math.max(0, index - BEFORE_DOTTED);
    const plain = `${text.slice(start, index)}:${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`;
    if (count <= MOST_DOTTED)
      findIpv6(plain, ipv6, (from, to) => {
        if (to === plain.length) ranges.push([start + from, end]);
      });
  }
}

/**
 * A text with each of the addresses replaced by `127.0.0.1`: in any spelling of IPv6, in dotted IPv4 (also with dashes, with
 * leading zeros, and within longer numbers such as those of nip.io). Returns the same text when it has none. The time is linear.
 */
export function maskText(text: string, { ipv4, ipv6 }: OwnAddresses): string {
  const ranges: Ranges = [];
  findIpv4(text, (value, from, to) => {
    if (!ipv4.has(value)) return false;
    const isMapped =
      text.charCodeAt(from - 1) === COLON && MAPPED.test(text.slice(Math.max(0, from - 7), from));
    ranges.push([isMapped ? from - 7 : from, to]);
    return true;
  });
  const count = ranges.length;
  findIpv6(text, ipv6, (from, to) => ranges.push([from, to]));
  findDotted(text, ipv6, ranges);
  if (ranges.length === 0) return text;
  if (ranges.length > count) ranges.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
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
