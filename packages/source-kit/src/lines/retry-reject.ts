import { isAbsolute } from 'node:path';
import { describeError, type Incident, type Reject } from '@ihandler/core';
import { openText, type Text } from '../text/open-text.ts';

async function readBytes(text: Text, offset: number, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  const end = offset + length;
  let at = text.seekable ? offset : 0;
  for await (const chunk of text.chunks(at)) {
    const from = Math.max(0, offset - at);
    if (from < chunk.length) parts.push(chunk.subarray(from, end - at));
    at += chunk.length;
    if (at >= end) break;
  }
  return Buffer.concat(parts);
}

/**
 * Reads a rejected line again from its original file, when it was too long to keep its text. Returns the reason when the
 * line still holds no valid incident. Opens a file only because an operator imports a rejects file.
 */
export async function retryReject(
  { file, offset, length }: Reject,
  maxLine: number,
  readLine: (line: string) => readonly Incident[] | string,
): Promise<readonly Incident[] | string> {
  if (length > maxLine) return `Expected a line of at most ${maxLine} bytes, found ${length}.`;
  if (length === 0 || !isAbsolute(file))
    return 'Expected a text, or the position of one in a file; found neither.';
  try {
    const text = await openText(file);
    try {
      if (text.live) return `Expected ${file} to be a file.`;
      const bytes = await readBytes(text, offset, length);
      if (bytes.length < length)
        return `Expected ${length} bytes at ${offset} of ${file}, found ${bytes.length}.`;
      return readLine(bytes.toString('utf8'));
    } finally {
      await text.close();
    }
  } catch (error) {
    return describeError(error);
  }
}
