import { isUtf8 } from 'node:buffer';
import { fileTypeFromBuffer } from 'file-type';

/** How many bytes at the start of a sample are used to detect its type. */
export const HEAD_SIZE = 4100;

function isText(head: Uint8Array, isWhole: boolean): boolean {
  if (head.includes(0)) return false;
  // The head may end in the middle of a character, which has four bytes at most.
  const cuts = isWhole ? [0] : [0, 1, 2, 3];
  return cuts.some((cut) => isUtf8(head.subarray(0, head.length - cut)));
}

/** The media type of a sample, detected from its first bytes: `application/x-msdownload`, `text/plain`, `application/octet-stream`. */
export async function sampleType(head: Uint8Array, size: number): Promise<string> {
  if (size === 0) return 'inode/x-empty';
  try {
    const found = await fileTypeFromBuffer(head);
    if (found !== undefined) return found.mime;
  } catch {
    // A file made to confuse a parser has an unknown type.
  }
  return isText(head, head.length === size) ? 'text/plain' : 'application/octet-stream';
}
