const byteOrderMark = [0xef, 0xbb, 0xbf];
const newline = 0x0a;

/** Whether bytes begin with a byte order mark. */
export function hasByteOrderMark(bytes: Uint8Array): boolean {
  return byteOrderMark.every((byte, index) => bytes[index] === byte);
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === newline;
}

/** The offset of the first byte from `from` on that is neither NUL nor part of a byte order mark. */
export function skipDamage(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] === 0 || hasByteOrderMark(bytes.subarray(at, at + 3))))
    at += bytes[at] === 0 ? 1 : 3;
  return at;
}

/** Bytes without the NUL bytes at their beginning. */
export function withoutNulls(bytes: Buffer): Buffer {
  let at = 0;
  while (bytes[at] === 0) at += 1;
  return bytes.subarray(at);
}

function startOf(head: Buffer): number {
  let at = skipDamage(head, 0, head.length);
  while (at < head.length && isBlank(head[at])) at = skipDamage(head, at + 1, head.length);
  return at;
}

/**
 * The first line that is not blank, without surrounding blanks, NUL bytes and byte order marks, as far as it is in `head`; empty when there is none. This
 * line identifies a file.
 */
export function firstLine(head: Buffer): Buffer {
  const from = startOf(head);
  const end = head.indexOf(newline, from);
  let to = end === -1 ? head.length : end;
  while (to > from && isBlank(head[to - 1])) to -= 1;
  return head.subarray(from, to);
}

/** Whether `head` holds the whole first line, with its newline. */
export function hasFirstLine(head: Buffer): boolean {
  return head.indexOf(newline, startOf(head)) !== -1;
}
